import { ArgusError } from '../../domain/errors';
import { type ModeStore, type ResponseStore } from '../ports';
import { findPlaybook, plan } from './playbooks';

/** What a person asks for: a playbook for an incident. */
export interface StartResponse {
  readonly incidentKey: string;
  readonly playbook: string;
  readonly dryRun: boolean;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
}

/**
 * Starts a playbook by hand; a dry run only answers what it would do.
 * @throws ArgusError NOT_FOUND without such a playbook or incident; AGENT_KILLED while the kill switch is on; CONFLICT
 *   when the idempotency key was used for something else.
 */
export async function startResponse(
  request: StartResponse,
  { responses, modes }: { readonly responses: ResponseStore; readonly modes: ModeStore },
): Promise<{ readonly responseKey: string | null; readonly actions: readonly string[] }> {
  const playbook = findPlaybook(request.playbook);
  if (!playbook) throw new ArgusError('NOT_FOUND', `There is no playbook ${request.playbook}.`, ['input', 'playbook']);
  const response = plan(playbook);
  const actions = response.steps.map(({ action }) => action);
  if (request.dryRun) return { responseKey: null, actions };
  if ((await modes.agentMode()) === 'KILLED') {
    throw new ArgusError('AGENT_KILLED', 'The kill switch is on: setAgentMode RUNNING or PAUSED first.');
  }
  return { responseKey: await responses.start({ ...request, response }), actions };
}
