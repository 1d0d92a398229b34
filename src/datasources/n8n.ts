import { z } from 'zod';

import { type BackendHttp } from './http';
import { fittingJson, invalid } from './request-body';

const schema = z.object({ result: z.object({ sanitizedData: z.string() }) });

/** POST /api/webhook/n8n. The backend echoes the sanitised text; it tells of no workflow and no execution. */
export class N8n {
  constructor(private readonly http: BackendHttp) {}

  /** The workflow's result text. `data` is 1 character to about 100 KB. */
  async trigger(data: string): Promise<string> {
    if (data === '') throw invalid('N8N_WEBHOOK', 'its data is empty');
    const json = fittingJson('N8N_WEBHOOK', { data });
    const answer = await this.http.json(
      { tool: 'N8N_WEBHOOK', method: 'POST', path: '/api/webhook/n8n', json, purpose: 'RESPONSE' },
      schema,
    );
    return answer.result.sanitizedData;
  }
}
