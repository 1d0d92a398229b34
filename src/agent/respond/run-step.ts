import { ArgusError, messageOf } from '../../domain/errors';
import { type Log } from '../../domain/log';
import { type ModeStore } from '../ports';
import { ACTIONS, type ActionWorld, isAction } from './actions';

export interface StepRunner extends ActionWorld {
  readonly modes: ModeStore;
  readonly onRecorded: () => void;
  readonly log: Log;
}

/**
 * Runs one step of a response if its turn has come, and stores the outcome before it counts. Throws where the step may be
 * tried again; on the last attempt, or when trying again is useless, the failure itself is the outcome.
 * While the agent is KILLED the step stays as it is: resuming enqueues it again.
 */
export async function runStep(
  { responseId, ordinal }: { readonly responseId: string; readonly ordinal: number },
  lastAttempt: boolean,
  runner: StepRunner,
): Promise<void> {
  if ((await runner.modes.agentMode()) === 'KILLED') {
    runner.log.warn({ responseId, ordinal }, 'step held back: the agent is killed');
    return;
  }
  const step = await runner.responses.claimStep(responseId, ordinal);
  if (!step) return;
  try {
    if (!isAction(step.action)) throw new ArgusError('INVALID_INPUT', `There is no action ${step.action}.`);
    await runner.responses.finishStep(step, await ACTIONS[step.action](step, runner));
  } catch (error) {
    const retryable = !(error instanceof ArgusError) || error.retryable;
    runner.log.warn({ responseId, ordinal, action: step.action, error: messageOf(error) }, 'step failed');
    if (retryable && !lastAttempt) throw error;
    const reason = error instanceof ArgusError ? error.message : 'an unexpected error; see the log';
    const code = error instanceof ArgusError ? error.code : 'INTERNAL';
    const summary = `${step.action} failed after ${step.attempts} attempt${step.attempts === 1 ? '' : 's'}: ${reason}`;
    await runner.responses.finishStep(step, { status: 'FAILED', summary, output: { code } });
  }
  runner.onRecorded();
}
