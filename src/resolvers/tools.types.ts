import { Field, Float, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { type TokenFault, type TrustToken } from '../datasources/trust-tokens';
import { DateTime } from '../entities/scalars';
import { BackendJobObject } from './backend-job.types';
import { Problem } from './problems';

const SanitizeRoute = { SANITIZE_JSON: 'SANITIZE_JSON', SANITIZE_TEXT: 'SANITIZE_TEXT' } as const;
registerEnumType(SanitizeRoute, {
  name: 'SanitizeRoute',
  description: 'Where content was sanitised: what would kill the JSON endpoint goes to the text endpoint.',
});

const TrustTokenFault: { readonly [Fault in TokenFault]: Fault } = {
  MALFORMED: 'MALFORMED',
  BAD_SIGNATURE: 'BAD_SIGNATURE',
  EXPIRED: 'EXPIRED',
  CONTENT_MISMATCH: 'CONTENT_MISMATCH',
  UNVERIFIABLE: 'UNVERIFIABLE',
};
registerEnumType(TrustTokenFault, {
  name: 'TrustTokenFault',
  description: 'Why a token is not trusted. UNVERIFIABLE: Argus holds no secret to check it with.',
});

@InputType()
export class SanitizeTextInput {
  @Field(() => String, { description: 'At most 99 KiB of UTF-8.' })
  text: string;
}

@ObjectType()
export class SanitizeTextPayload {
  @Field(() => String, { nullable: true, description: 'The text as the backend would hand it to an LLM.' })
  text: string | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@InputType({ description: "The backend's proof that content was sanitised." })
export class TrustTokenInput implements TrustToken {
  @Field(() => String, { description: 'SHA-256 of the sanitised content, hex.' })
  contentHash: string;

  @Field(() => String, { description: 'SHA-256 of the content before, hex.' })
  originalHash: string;

  @Field(() => String)
  sanitizationVersion: string;

  @Field(() => [String])
  rulesApplied: string[];

  @Field(() => String, { description: 'As the token says it: the signature covers every character.' })
  timestamp: string;

  @Field(() => String, { description: 'As the token says it: the signature covers every character.' })
  expiresAt: string;

  @Field(() => String, { description: 'HMAC-SHA-256 over the other fields, hex.' })
  signature: string;

  @Field(() => String)
  nonce: string;
}

@InputType()
export class SanitizeJsonInput {
  @Field(() => String, { description: 'Text, or JSON as text; 1 byte to 99 KiB of UTF-8.' })
  content: string;

  @Field(() => String, { nullable: true, description: 'A label that the backend only logs; at most 200 characters.' })
  classification?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: "Asks for the backend's model, which may fall back." })
  aiTransform: boolean;

  @Field(() => TrustTokenInput, { nullable: true, description: 'A token about this content spares the sanitising.' })
  trustToken?: TrustTokenInput | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      "As a job of the backend's queue. Refused unless BACKEND_ASYNC_TEXT says that the backend survives it.",
  })
  asJob: boolean;
}

@ObjectType({ description: "What the backend's model did." })
export class AiProcessing {
  @Field(() => Boolean)
  attempted: boolean;

  @Field(() => Boolean, { description: 'The model failed, and the content was plainly sanitised.' })
  fallback: boolean;

  @Field(() => String, { nullable: true })
  reason: string | null;
}

@ObjectType()
export class SanitizedJson {
  @Field(() => String, { description: 'The content as the backend would hand it to an LLM.' })
  content: string;

  @Field(() => SanitizeRoute)
  route: keyof typeof SanitizeRoute;

  @Field(() => Boolean, { description: 'A trust token that Argus had verified spared the sanitising.' })
  reused: boolean;

  @Field(() => TrustTokenFault, { nullable: true, description: 'Why the given token was not used.' })
  tokenFault: TokenFault | null;

  @Field(() => AiProcessing, { nullable: true, description: 'Null where the text endpoint answered.' })
  ai: AiProcessing | null;

  @Field(() => Float, { nullable: true, description: "The backend's own measure." })
  tookMs: number | null;

  @Field(() => DateTime, { nullable: true, description: "By the backend's clock." })
  at: Date | null;
}

@ObjectType()
export class SanitizeJsonPayload {
  @Field(() => SanitizedJson, { nullable: true })
  result: SanitizedJson | null;

  @Field(() => BackendJobObject, { nullable: true, description: 'With asJob; follow it with Query.backendJob.' })
  job: BackendJobObject | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@InputType()
export class ValidateTrustTokenInput {
  @Field(() => TrustTokenInput)
  token: TrustTokenInput;

  @Field(() => String, { nullable: true, description: 'The content that it must be about; at most 99 KiB.' })
  content?: string | null;
}

@ObjectType()
export class TrustTokenValidation {
  @Field(() => Boolean, { description: "Argus's own verdict: shape, signature, expiry and content." })
  valid: boolean;

  @Field(() => TrustTokenFault, { nullable: true })
  fault: TokenFault | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'What the backend said; its cache can be fooled, so never rely on it alone. Null: it did not answer.',
  })
  backendSaysValid: boolean | null;

  @Field(() => String, { nullable: true })
  backendMessage: string | null;
}

@ObjectType()
export class ValidateTrustTokenPayload {
  @Field(() => TrustTokenValidation, {
    description: "Argus's verdict stands also where the backend could not be asked, which `problems` then tells.",
  })
  validation: TrustTokenValidation;

  @Field(() => [Problem])
  problems: Problem[];
}

@InputType()
export class TriggerN8nWebhookInput {
  @Field(() => String, { description: 'What the workflow is given; 1 byte to 99 KiB of UTF-8.' })
  data: string;
}

@ObjectType()
export class TriggerN8nWebhookPayload {
  @Field(() => String, { nullable: true, description: "The workflow's result, sanitised." })
  result: string | null;

  @Field(() => [Problem])
  problems: Problem[];
}
