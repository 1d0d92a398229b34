import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { type IncidentChangeKind, type IncidentStatus } from '../domain/incident';
import { type IncidentFilter } from '../domain/incident-filter';
import { type Severity } from '../domain/severity';
import { IncidentChangeKindEnum, IncidentStatusEnum, SeverityEnum } from '../entities/enums';
import { Finding } from '../entities/finding.entity';
import { Incident } from '../entities/incident.entity';
import { Cursor, DateTime } from '../entities/scalars';
import { TimelineEntry } from '../entities/timeline-entry.entity';
import { connectionType } from './connection';
import { Problem } from './problems';

export const IncidentConnection = connectionType('Incident', Incident);
export const FindingConnection = connectionType('Finding', Finding);
export const TimelineConnection = connectionType('TimelineEntry', TimelineEntry);

export const IncidentOrder = { NEWEST: 'NEWEST', OLDEST: 'OLDEST', SEVERITY: 'SEVERITY' } as const;
export type IncidentOrder = keyof typeof IncidentOrder;
registerEnumType(IncidentOrder, { name: 'IncidentOrder', description: 'SEVERITY: gravest first, then newest.' });

@InputType('IncidentFilter', { description: 'Every part that is given must hold.' })
export class IncidentFilterInput implements IncidentFilter {
  @Field(() => Boolean, { nullable: true, description: 'True: neither resolved nor closed.' })
  open?: boolean;

  @Field(() => [IncidentStatusEnum], { nullable: true })
  status?: IncidentStatus[];

  @Field(() => SeverityEnum, { nullable: true })
  minSeverity?: Severity;

  @Field(() => String, { nullable: true })
  rule?: string;

  @Field(() => String, { nullable: true })
  stream?: string;

  @Field(() => String, { nullable: true, description: 'Value of the entity, e.g. an IP address.' })
  entity?: string;

  @Field(() => String, { nullable: true })
  assignee?: string;
}

@ObjectType({ description: 'A change of an incident. Pass its cursor as `after` to resume just behind it.' })
export class IncidentChange {
  @Field(() => Cursor)
  cursor: string;

  @Field(() => IncidentChangeKindEnum)
  kind: IncidentChangeKind;

  @Field(() => Incident, { description: 'The incident as this change left it.' })
  incident: Incident;

  @Field(() => DateTime)
  at: Date;
}

@InputType()
export class UpdateIncidentInput {
  @Field(() => ID)
  id: string;

  @Field(() => IncidentStatusEnum, { nullable: true })
  status?: IncidentStatus | null;

  @Field(() => String, { nullable: true, description: 'Empty: nobody.' })
  assignee?: string | null;

  @Field(() => [String], { nullable: true })
  tags?: string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Refused with CONFLICT when the incident has another version by now.',
  })
  expectedVersion?: number | null;
}

@ObjectType()
export class UpdateIncidentPayload {
  @Field(() => Incident, { nullable: true })
  incident: Incident | null;

  @Field(() => [Problem])
  problems: Problem[];
}
