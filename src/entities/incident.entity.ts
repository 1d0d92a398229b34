import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { type ObservableType } from '../domain/event';
import { type Disposition, type IncidentStatus } from '../domain/incident';
import { type Severity } from '../domain/severity';
import { DispositionEnum, IncidentStatusEnum, SeverityEnum } from './enums';
import { Node } from './node';
import { ObservableObject } from './observable';
import { DateTime } from './scalars';

@Entity('incidents')
@ObjectType('Incident', {
  implements: Node,
  description: 'Findings that belong together, and what is done about them.',
})
export class Incident implements Node {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  key: string;

  @Field(() => ID)
  get id(): string {
    return globalId('Incident', this.key);
  }

  @Field(() => Int, { description: 'Short number for people: incident 42.' })
  @Column({ type: 'bigint' })
  number: number;

  @Column({ type: 'text' })
  fingerprint: string;

  @Field(() => String)
  @Column({ type: 'text' })
  title: string;

  @Field(() => SeverityEnum)
  @Column({ type: 'text' })
  severity: Severity;

  @Column({ type: 'smallint', name: 'severity_rank', insert: false, update: false })
  severityRank: number;

  @Field(() => IncidentStatusEnum)
  @Column({ type: 'text' })
  status: IncidentStatus;

  @Field(() => DispositionEnum, { nullable: true })
  @Column({ type: 'text', nullable: true })
  disposition: Disposition | null;

  @Field(() => String, { description: 'The rule whose findings opened it.' })
  @Column({ type: 'text' })
  rule: string;

  @Field(() => String, { description: 'Stream of the first finding.' })
  @Column({ type: 'text' })
  stream: string;

  @Column({ type: 'text', name: 'entity_type' })
  entityType: ObservableType;

  @Column({ type: 'text', name: 'entity_value' })
  entityValue: string;

  @Field(() => ObservableObject, { description: 'What the incident is about.' })
  get entity(): ObservableObject {
    return { type: this.entityType, value: this.entityValue };
  }

  @Field(() => String, { nullable: true })
  @Column({ type: 'text', nullable: true })
  assignee: string | null;

  @Field(() => [String])
  @Column({ type: 'text', array: true })
  tags: string[];

  @Field(() => Int)
  @Column({ type: 'bigint', name: 'finding_count' })
  findingCount: number;

  @Field(() => DateTime, { description: 'Time of the earliest event in it.' })
  @Column({ type: 'timestamptz', precision: 3, name: 'first_seen_at' })
  firstSeenAt: Date;

  @Field(() => DateTime, { description: 'Time of the latest event in it.' })
  @Column({ type: 'timestamptz', precision: 3, name: 'last_seen_at' })
  lastSeenAt: Date;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'opened_at' })
  openedAt: Date;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'updated_at' })
  updatedAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was resolved or closed.' })
  @Column({ type: 'timestamptz', precision: 3, name: 'ended_at', nullable: true })
  endedAt: Date | null;

  @Field(() => Int, { description: 'Rises with each change; pass it as expectedVersion.' })
  @Column({ type: 'int' })
  version: number;
}
