import { Arg, Authorized, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { KEY, keyOf } from '../domain/cursor';
import { ArgusError } from '../domain/errors';
import { type Role } from '../domain/role';
import { ApiKey } from '../entities/api-key.entity';
import { RoleEnum } from '../entities/enums';
import { DateTime } from '../entities/scalars';
import { type ApiKeyStore } from '../store/api-key-store';
import { outcomeOf, Problem } from './problems';

@InputType()
export class CreateApiKeyInput {
  @Field(() => String, { description: 'What it is for; 1 to 100 characters.' })
  name: string;

  @Field(() => RoleEnum)
  role: Role;

  @Field(() => DateTime, { nullable: true, description: 'Null: it does not expire.' })
  expiresAt?: Date | null;
}

@ObjectType()
export class CreateApiKeyPayload {
  @Field(() => ApiKey, { nullable: true })
  apiKey: ApiKey | null;

  @Field(() => String, { nullable: true, description: 'Shown this once, kept nowhere.' })
  secret: string | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@InputType()
export class RevokeApiKeyInput {
  @Field(() => ID)
  id: string;
}

@ObjectType()
export class RevokeApiKeyPayload {
  @Field(() => ApiKey, { nullable: true })
  apiKey: ApiKey | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@Resolver(() => ApiKey)
export class ApiKeyResolver {
  constructor(private readonly keys: ApiKeyStore) {}

  @Authorized('ADMIN')
  @Mutation(() => CreateApiKeyPayload)
  createApiKey(@Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput): Promise<CreateApiKeyPayload> {
    const create = async (): Promise<Omit<CreateApiKeyPayload, 'problems'>> => {
      const { name, role, expiresAt = null } = input;
      if (name.trim() === '' || name.length > 100) {
        throw new ArgusError('INVALID_INPUT', 'name: 1 to 100 characters.', ['input', 'name']);
      }
      if (expiresAt !== null && expiresAt.getTime() <= Date.now()) {
        throw new ArgusError('INVALID_INPUT', 'expiresAt: a time to come.', ['input', 'expiresAt']);
      }
      return this.keys.create({ name, role, expiresAt });
    };
    return outcomeOf(create, { apiKey: null, secret: null });
  }

  @Authorized('ADMIN')
  @Mutation(() => RevokeApiKeyPayload, { description: 'Takes effect within 5 s, on open sockets too.' })
  revokeApiKey(@Arg('input', () => RevokeApiKeyInput) input: RevokeApiKeyInput): Promise<RevokeApiKeyPayload> {
    const revoke = async (): Promise<{ apiKey: ApiKey }> => {
      const [key = ''] = keyOf('ApiKey', input.id, KEY.UUID);
      return { apiKey: await this.keys.revoke(key) };
    };
    return outcomeOf(revoke, { apiKey: null });
  }
}
