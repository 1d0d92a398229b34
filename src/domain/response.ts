export const RESPONSE_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type ResponseStatus = (typeof RESPONSE_STATUSES)[number];

export const STEP_STATUSES = ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** Who started a response. */
export const RESPONSE_TRIGGERS = ['AUTOMATIC', 'MANUAL'] as const;
export type ResponseTrigger = (typeof RESPONSE_TRIGGERS)[number];

export const AGENT_MODES = ['RUNNING', 'PAUSED', 'KILLED'] as const;
export type AgentMode = (typeof AGENT_MODES)[number];
