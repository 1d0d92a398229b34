import { type ContentRule } from '../content-rule';
import { MARKUP_INJECTION_RULES } from './markup-injection';
import { PROMPT_INJECTION_LANGUAGE_RULES } from './prompt-injection-languages';
import { PROMPT_INJECTION_RULES } from './prompt-injection';
import { SECRET_RULES } from './secrets';
import { SERVER_INJECTION_RULES } from './server-injection';
import { SQL_INJECTION_RULES } from './sql-injection';

/** All bundled content rules. */
export const CONTENT_RULES: readonly ContentRule[] = [
  ...PROMPT_INJECTION_RULES,
  ...PROMPT_INJECTION_LANGUAGE_RULES,
  ...SQL_INJECTION_RULES,
  ...MARKUP_INJECTION_RULES,
  ...SERVER_INJECTION_RULES,
  ...SECRET_RULES,
];
