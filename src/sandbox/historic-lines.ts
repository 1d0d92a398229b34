import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type AuditLog } from './audit-log';
import { triggersAsync } from './auto-async';
import { sha256 } from './trust';

/** A text that was sanitised, as the log of earlier releases saw it. */
export interface SanitizedText {
  readonly content: string;
  readonly sanitized: string;
  readonly tookMs: number;
  /** Sessions and resources shared one id. */
  readonly requestId: string;
}

const STEPS = ['unicode_normalization', 'symbol_stripping', 'escape_neutralization', 'pattern_redaction'];
const SIGNS: readonly (readonly [string, RegExp])[] = [
  ['prompt_injection', /ignore (?:all |any )?(?:previous|prior|above)|system prompt|jailbreak/i],
  ['pii', /[\w.+-]{1,64}@[\w-]{1,64}\.|\d{3}-\d{2}-\d{4}/],
  ['invisible_characters', /[\u200B-\u200F\u202A-\u202E\u2060-\u2064]/],
  ['encoded_payload', /[A-Za-z0-9+/]{64,}={0,2}/],
];

/** Signs that alone say little. */
const UNCLEAR = new Set(['invisible_characters', 'encoded_payload']);

/**
 * Writes the lines that releases before December 2025 wrote for each sanitised text: the risk assessment (9.1), the
 * high-risk or unknown-risk case (9.2) and the high-fidelity record (9.4), which the export then finds.
 */
export function writeHistoricLines(audit: AuditLog, text: SanitizedText, now: number): void {
  const triggers = triggersOf(text.content);
  const { riskLevel, riskScore } = assess(triggers);
  const { requestId } = text;
  const about = { userId: 'anonymous', sessionId: requestId, resourceId: requestId };
  const context = { ...about, resourceType: 'sanitization_request' };
  const severity = riskLevel === 'High' ? 'warning' : 'info';
  const resourceInfo = { resourceId: requestId, type: 'sanitization_request' };
  audit.operation(
    'risk_assessment_decision',
    { decisionType: 'classification', riskLevel, assessmentParameters: { riskScore, triggers }, resourceInfo },
    { logger: 'RiskAssessmentLogger', severity, stage: 'risk-assessment', ...context },
  );
  if (riskLevel !== 'Low') writeCase(audit, { about, context, riskLevel, riskScore, triggers, now });
  const sizes = { inputLength: text.content.length, outputLength: text.sanitized.length };
  audit.operation(
    'high_fidelity_data_collection',
    {
      inputDataHash: sha256(text.content),
      processingSteps: STEPS,
      decisionOutcome: { decision: 'sanitized', reasoning: riskLevel, riskScore },
      contextMetadata: { ...sizes, processingTime: Math.round(text.tookMs) },
    },
    { logger: 'HighFidelityDataLogger', severity: 'info', ...context },
  );
}

/** The results of the pipeline's own tests (9.4.3) in Jest's form, as earlier releases left them in `tmp/`. */
export function writePipelineResults(folder: string, now: number): void {
  const file = 'src/tests/integration/end-to-end-pipeline.test.js';
  const titles = ['sanitizes text', 'processes a PDF', 'rejects a bad token', 'exports training data'];
  const assertionResults = titles.map((title, i) => ({
    ancestorTitles: ['End-to-end pipeline'],
    title,
    fullName: `End-to-end pipeline ${title}`,
    status: 'passed',
    duration: 20 + i,
    numPassingAsserts: 3,
    invocations: 1,
    location: null,
    retryReasons: [],
    failureMessages: [],
    failureDetails: [],
  }));
  const suite = { name: file, status: 'passed', startTime: now - 500, endTime: now, message: '', summary: '' };
  const totals = { numFailedTestSuites: 0, numFailedTests: 0, numPassedTests: 4, numTotalTests: 4 };
  const results = { ...totals, startTime: now - 600, success: true, testResults: [{ ...suite, assertionResults }] };
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  writeFileSync(join(folder, 'tmp', 'jest-results.json'), JSON.stringify(results));
}

interface RiskCase {
  readonly about: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, string>>;
  readonly riskLevel: 'High' | 'Unknown';
  readonly riskScore: number;
  readonly triggers: readonly string[];
  readonly now: number;
}

function writeCase(audit: AuditLog, { about, context, riskLevel, riskScore, triggers, now }: RiskCase): void {
  const high = riskLevel === 'High';
  const stage = high ? 'high_risk_detection' : 'unknown_risk_detection';
  const mlFields = {
    threatPatternId: high ? (triggers[0] ?? 'unknown') : 'unknown_pattern',
    confidenceScore: riskScore,
    mitigationActions: [high ? 'sanitization_applied' : 'hitl_required'],
    featureVector: { riskIndicators: high ? triggers : ['unclear_threat'] },
    trainingLabels: { supervised: high ? 'high_risk' : 'unknown_risk' },
    anomalyScore: high ? riskScore : 1 - riskScore,
    detectionTimestamp: new Date(now).toISOString(),
    riskCategory: high ? 'high' : 'unknown',
  };
  audit.operation(
    high ? 'high_risk_case' : 'unknown_risk_case',
    { ...about, stage, mlFields },
    {
      logger: high ? 'HighRiskLogger' : 'UnknownRiskLogger',
      severity: high ? 'warning' : 'info',
      stage,
      ...context,
    },
  );
}

/** Thresholds of those releases: a high case above 0.8, an unknown case below 0.3. */
function assess(triggers: readonly string[]): {
  readonly riskLevel: 'High' | 'Unknown' | 'Low';
  readonly riskScore: number;
} {
  if (triggers.length === 0) return { riskLevel: 'Low', riskScore: 0.1 };
  if (triggers.every((trigger) => UNCLEAR.has(trigger))) return { riskLevel: 'Unknown', riskScore: 0.25 };
  return { riskLevel: 'High', riskScore: Math.min(1, 0.6 + 0.25 * triggers.length) };
}

function triggersOf(content: string): readonly string[] {
  const signs = SIGNS.filter(([, pattern]) => pattern.test(content)).map(([name]) => name);
  return triggersAsync(content) ? ['active_content', ...signs] : signs;
}
