/** What the real backend was observed to do and an ideal one would not. Each can be switched off. */
export interface Quirks {
  /** Text queued as an asynchronous job kills the process. Off: the job completes. */
  readonly asyncTextCrashes: boolean;
  /** A PDF that cannot be read, and any upload with `ai_transform=false`, kills the process. Off: the job fails. */
  readonly poisonDocumentCrashes: boolean;
  /** The job worker takes one job and then no other until the process starts again. */
  readonly oneJobPerBoot: boolean;
  /** A caller that identifies itself as an agent gets 400 from sanitize/json and 500 from uploads. */
  readonly agentsAreRefused: boolean;
  /** Unknown paths and wrong methods are never answered. Off: 404. */
  readonly unknownRoutesHang: boolean;
  /** Any token that bears a signature seen valid before is valid. */
  readonly signatureCache: boolean;
  /** A duration that is not a number makes an override that never ends. Off: 400. */
  readonly immortalOverrides: boolean;
  /** A first sanitize/json call with an invalid token breaks reuse-stats until the process starts again. */
  readonly poisonableStats: boolean;
  /** An empty training export is a 500. Off: an empty file. */
  readonly emptyExportFails: boolean;
  /** 100 sanitize/json calls and 10 uploads per address and 15 minutes. */
  readonly rateLimits: boolean;
  /** Errors of the framework are HTML pages with stack traces. Off: JSON. */
  readonly htmlErrors: boolean;
  /** Writes the risk, high-risk and high-fidelity lines and the test results that earlier releases wrote. */
  readonly historicAuditLines: boolean;
}

/** The backend as observed. */
export const OBSERVED_QUIRKS: Quirks = {
  asyncTextCrashes: true,
  poisonDocumentCrashes: true,
  oneJobPerBoot: true,
  agentsAreRefused: true,
  unknownRoutesHang: true,
  signatureCache: true,
  immortalOverrides: true,
  poisonableStats: true,
  emptyExportFails: true,
  rateLimits: true,
  htmlErrors: true,
  historicAuditLines: false,
};
