import { isJsonObject, type Json, type JsonObject } from '../../domain/json';

/**
 * Where the attributes of an event stand in the records of sources that do not speak OCSF: OCSF's own path first, then
 * Elastic Common Schema's, then the plain names that logs use.
 */
export const FIELDS = {
  id: ['metadata.uid', 'id', 'uid', 'event_id', 'eventId'],
  time: ['time', '@timestamp', 'timestamp', 'ts', 't', 'datetime', 'eventTime'],
  ip: [
    'src_endpoint.ip',
    'source.ip',
    'src_ip',
    'source_ip',
    'client_ip',
    'clientIp',
    'ipAddress',
    'remote_addr',
    'ip',
  ],
  user: ['actor.user.name', 'user.name', 'user_name', 'userName', 'username', 'user', 'userId'],
  message: ['message', 'msg', 'text', 'content', 'prompt', 'description'],
  url: ['http_request.url.path', 'http_request.url.url_string', 'url.path', 'url', 'uri', 'path', 'request_uri'],
  method: ['http_request.http_method', 'http.request.method', 'method', 'http_method'],
  userAgent: ['http_request.user_agent', 'user_agent.original', 'user_agent', 'userAgent', 'ua'],
  httpStatus: ['http_response.code', 'http.response.status_code', 'status_code', 'statusCode', 'status'],
  outcome: ['status', 'outcome', 'event.outcome', 'result', 'action', 'decision'],
  kind: ['event', 'type', 'category', 'event_type', 'eventType', 'event.category', 'operation'],
  severity: ['severity', 'level', 'log.level'],
  tool: ['tool', 'endpoint', 'api.operation', 'service', 'proc', 'process.name'],
} as const;

/** The value at a dotted path, also where a key itself holds dots; undefined when there is none. */
export function at(record: JsonObject, path: string): Json | undefined {
  if (path in record) return record[path];
  let value: Json | undefined = record;
  for (const key of path.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** First of the paths that holds something other than null, with its value. */
export function find(record: JsonObject, paths: readonly string[]): { path: string; value: Json } | null {
  for (const path of paths) {
    const value = at(record, path);
    if (value !== undefined && value !== null) return { path, value };
  }
  return null;
}

/** First non-empty string at one of the paths; null when there is none. */
export function findText(record: JsonObject, paths: readonly string[]): string | null {
  for (const path of paths) {
    const value = at(record, path);
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}
