/** A failure that the user is told in one line; whatever else is thrown is a defect of the command. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    /** Argus's own code where it answered one; UNREACHABLE where nobody did. */
    readonly code: string,
    message: string,
    /** Whether the same call may succeed later. */
    readonly retryable = false,
  ) {
    super(message);
  }
}
