import { type Boot } from './boot';
import { errorPage, type Exchange, hang, type Handler, json, type Reply } from './exchange';
import { activateOverride, endOverride, overrideStatus, refuseUntrusted, reuseStats } from './routes-admin';
import { cancelJob, generatePdf, jobResult, jobStatus, upload } from './routes-documents';
import { exportTrainingData, plantTrainingData } from './routes-export';
import { n8n, sanitize, sanitizeJson, validateToken } from './routes-sanitize';

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly handler: Handler;
}

/** Answers a request as one process of the backend does. */
export function createRouter(boot: Boot): Handler {
  const routes = routesOf(boot);
  return (exchange) => {
    const route = routes.find(({ method, path }) => method === exchange.method && path.test(exchange.path));
    if (route) return route.handler(exchange);
    return boot.settings.quirks.unknownRoutesHang ? hang() : json(404, { error: 'Not found' });
  };
}

function routesOf(boot: Boot): readonly Route[] {
  const route = (method: string, path: RegExp, handler: Handler): Route => ({ method, path, handler });
  return [
    route('GET', /^\/health$/, health(boot)),
    route('HEAD', /^\/health$/, health(boot)),
    route('GET', /^\/$/, root),
    route('POST', /^\/api\/sanitize$/, sanitize(boot)),
    route('POST', /^\/api\/sanitize\/json$/, sanitizeJson(boot)),
    route('POST', /^\/api\/trust-tokens\/validate$/, validateToken(boot)),
    route('POST', /^\/api\/webhook\/n8n$/, n8n()),
    route('POST', /^\/api\/documents\/upload$/, upload(boot)),
    route('POST', /^\/api\/documents\/generate-pdf$/, generatePdf(boot)),
    route('GET', /^\/api\/jobs\/[^/]+\/result$/, jobResult(boot)),
    route('GET', /^\/api\/jobs\/[^/]+(?:\/status)?$/, jobStatus(boot)),
    route('DELETE', /^\/api\/jobs\/[^/]+$/, cancelJob(boot)),
    route('POST', /^\/api\/admin\/override\/activate$/, activateOverride(boot)),
    route('GET', /^\/api\/admin\/override\/status$/, overrideStatus(boot)),
    route('DELETE', /^\/api\/admin\/override\/[^/]+$/, endOverride(boot)),
    route('GET', /^\/api\/monitoring\/reuse-stats$/, reuseStats(boot)),
    route('GET', /^\/api\/monitoring\/metrics$/, metrics(boot)),
    route('GET', /^\/api\/monitoring\/sanitization-dashboard$/, dashboard(boot)),
    route('POST', /^\/api\/export\/training-data$/, exportTrainingData(boot)),
    route('POST', /^\/api\/chat$/, chat),
    route('POST', /^\/__sandbox\/training-data$/, plantTrainingData(boot)),
  ];
}

function health({ settings }: Boot): Handler {
  return () => json(200, { status: 'healthy', timestamp: new Date(settings.now()).toISOString() });
}

function root(): Reply {
  const endpoints = { health: '/health', sanitize: '/api/sanitize', webhook: '/api/webhook/n8n' };
  return json(200, { message: 'Obfuscation-Aware Sanitizer API', version: '1.0.0', endpoints });
}

function metrics(boot: Boot): Handler {
  const broken = 'TypeError: auditLogger.logEvent is not a function';
  return (exchange) => refuseUntrusted(boot, exchange) ?? errorPage(500, broken);
}

function dashboard(boot: Boot): Handler {
  const broken = { error: 'Failed to retrieve dashboard data' };
  return (exchange) => refuseUntrusted(boot, exchange) ?? json(500, broken);
}

function chat({ body }: Exchange): Reply {
  const message = (body as { message?: unknown } | null)?.message;
  if (!message) return json(400, { error: 'Message is required' });
  return json(500, { error: 'Chat processing failed' });
}
