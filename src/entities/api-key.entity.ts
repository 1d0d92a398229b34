import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { type Role } from '../domain/role';
import { RoleEnum } from './enums';
import { DateTime } from './scalars';

@Entity('api_keys')
@ObjectType({ description: 'A key for programs; its secret is shown once, when it is made.' })
export class ApiKey {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  key: string;

  @Field(() => ID)
  get id(): string {
    return globalId('ApiKey', this.key);
  }

  @Field(() => String)
  @Column({ type: 'text' })
  name: string;

  @Field(() => RoleEnum)
  @Column({ type: 'text' })
  role: Role;

  @Field(() => String, { description: 'How its secret begins, to tell keys apart.' })
  @Column({ type: 'text' })
  prefix: string;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'created_at' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'revoked_at', nullable: true })
  revokedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Accurate to a minute.' })
  @Column({ type: 'timestamptz', precision: 3, name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;
}
