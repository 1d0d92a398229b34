import { type Logger } from 'pino';
import { messageOf } from './domain/errors';

/** Things to close, in reverse order of opening; one that fails does not keep the others open. */
export class Closing {
  readonly #closers: { readonly name: string; readonly close: () => unknown }[] = [];

  constructor(private readonly log: Logger) {}

  push(name: string, close: () => unknown): void {
    this.#closers.push({ name, close });
  }

  async run(): Promise<void> {
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        this.log.error({ part: name, error: messageOf(error) }, 'a part did not close');
      }
    }
  }
}
