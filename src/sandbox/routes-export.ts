import { isJsonObject } from '../domain/json';
import { type Boot } from './boot';
import { type Handler, json } from './exchange';
import { refuseNonAdmin } from './routes-admin';
import { type ExportFormat, formatRecords, plantedEntry, selectRecords } from './training-data';

const FORMATS: readonly string[] = ['json', 'csv', 'parquet'];

/** POST /api/export/training-data */
export function exportTrainingData(boot: Boot): Handler {
  return (exchange) => {
    const { format = 'json', ...filters } = isJsonObject(exchange.body) ? exchange.body : {};
    if (typeof format !== 'string' || !FORMATS.includes(format)) {
      return json(400, { error: 'Invalid format. Supported formats: json, csv, parquet' });
    }
    const { audit, settings } = boot;
    // The real server writes the whole request, credentials included.
    const req = { method: exchange.method, url: exchange.path, rawHeaders: exchange.rawHeaders };
    const context = { logger: 'ExportLogger', severity: 'info', req };
    audit.operation('data_export_request', { format, filters }, context);
    const records = selectRecords(audit.trail, filters);
    if (records.length === 0 && settings.quirks.emptyExportFails) {
      return json(500, { error: 'Failed to export training data' });
    }
    const body = formatRecords(records, format as ExportFormat, settings.now());
    audit.operation('data_export_completed', { format, recordCount: records.length }, context);
    const stamp = new Date(settings.now()).toISOString().replace(/[:.]/g, '-');
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="ai_training_data_${stamp}.${format}"`,
      'X-Export-Format': format,
      'X-Export-Record-Count': String(records.length),
      // Counted in UTF-16 units for JSON, as it is there: not a length.
      'X-Export-File-Size': String(format === 'json' ? body.toString('utf8').length : body.length),
      'Transfer-Encoding': 'chunked',
    };
    return { status: 200, headers, body };
  };
}

/** POST /__sandbox/training-data: plants records for the export, `{records: [{inputDataHash, decisionOutcome, …}]}`. */
export function plantTrainingData(boot: Boot): Handler {
  return (exchange) => {
    const refusal = refuseNonAdmin(boot, exchange);
    if (refusal) return refusal;
    const records: unknown = isJsonObject(exchange.body) ? exchange.body.records : undefined;
    const entries = (Array.isArray(records) ? records : []).map((one) => plantedEntry(one, boot.settings.now()));
    for (const entry of entries) if (entry) boot.audit.remember(entry);
    return json(200, { planted: entries.filter((entry) => entry !== null).length });
  };
}
