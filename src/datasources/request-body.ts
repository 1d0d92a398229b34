import { BackendError, type BackendTool } from './backend-error';

/** Largest JSON body the backend takes, bytes, inclusive. */
export const MAX_JSON_BYTES = 102_400;

/** The body unchanged, or INVALID_REQUEST when its JSON form is larger than the backend takes. */
export function fittingJson<T extends object>(tool: BackendTool, body: T): T {
  const bytes = Buffer.byteLength(JSON.stringify(body), 'utf8');
  if (bytes <= MAX_JSON_BYTES) return body;
  throw invalid(tool, `its body of ${bytes} bytes exceeds the backend's ${MAX_JSON_BYTES}`);
}

/** The error for a call that the backend would refuse; `why` completes "… was not called: ". */
export function invalid(tool: BackendTool, why: string): BackendError {
  return new BackendError(tool, 'INVALID_REQUEST', `${tool} was not called: ${why}`);
}

/** The error for a tool that lacks a setting. */
export function notConfigured(tool: BackendTool, setting: string): BackendError {
  return new BackendError(tool, 'NOT_CONFIGURED', `${tool} is unavailable: ${setting} is not set`);
}
