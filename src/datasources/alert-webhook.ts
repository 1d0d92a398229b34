import { request } from 'undici';
import { type AlertSink } from '../agent/ports';
import { ArgusError, messageOf } from '../domain/errors';
import { type Log } from '../domain/log';

const TIMEOUT_MS = 5_000;

/**
 * Alerts: logged at level warn, and posted as JSON to `url` where there is one. The receiver is told the idempotency key
 * (header Idempotency-Key), since an alert whose answer was lost is sent again.
 */
export function createAlertSink({ url, log }: { readonly url: string | null; readonly log: Log }): AlertSink {
  return {
    async alert({ idempotencyKey, ...alert }) {
      log.warn({ alert: true, ...alert }, 'alert');
      if (url === null) return;
      try {
        const { statusCode, body } = await request(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
          body: JSON.stringify(alert),
          headersTimeout: TIMEOUT_MS,
          bodyTimeout: TIMEOUT_MS,
        });
        await body.dump();
        if (statusCode >= 300) throw new Error(`status ${statusCode}`);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the alert webhook did not take an alert');
        throw new ArgusError('BACKEND_UNAVAILABLE', 'The alert webhook did not take the alert.', undefined, {
          cause: error,
        });
      }
    },
  };
}
