import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { type ObservableType } from '../domain/event';
import { type Evidence } from '../domain/finding';
import { type JsonObject } from '../domain/json';
import { type Severity } from '../domain/severity';
import { SeverityEnum } from './enums';
import { Node } from './node';
import { ObservableObject } from './observable';
import { DateTime, JsonScalar } from './scalars';

@ObjectType('Evidence', { description: 'Where in an event a finding rests.' })
export class EvidenceObject implements Evidence {
  @Field(() => String, { description: 'Field of the event, or the attribute that was counted.' })
  path: string;

  @Field(() => Int, { nullable: true, description: 'First byte in the UTF-8 form of the field.' })
  start?: number;

  @Field(() => Int, { nullable: true, description: 'Byte behind the last.' })
  end?: number;

  @Field(() => String, { description: 'Text at that place, invisible characters escaped as \\u{…}. Untrusted.' })
  excerpt: string;

  @Field(() => [String], { nullable: true, description: 'Decodings between field and match, outermost first.' })
  decodedBy?: readonly string[];

  @Field(() => JsonScalar, { nullable: true, description: 'Measured values behind the claim.' })
  features?: Readonly<Record<string, number>>;
}

@Entity('findings')
@ObjectType({ implements: Node, description: "A detector's claim about an event." })
export class Finding implements Node {
  @PrimaryColumn({ type: 'bigint', name: 'id' })
  key: number;

  @Field(() => ID)
  get id(): string {
    return globalId('Finding', this.key);
  }

  @Column({ type: 'uuid', name: 'incident_id' })
  incidentKey: string;

  @Column({ type: 'bigint', name: 'event_id' })
  eventKey: number;

  @Column({ type: 'date', name: 'event_received_on' })
  eventDay: string;

  @Field(() => String)
  @Column({ type: 'text' })
  stream: string;

  @Field(() => String)
  @Column({ type: 'text' })
  detector: string;

  @Field(() => String)
  @Column({ type: 'text', name: 'detector_version' })
  detectorVersion: string;

  @Field(() => String)
  @Column({ type: 'text' })
  rule: string;

  @Field(() => String)
  @Column({ type: 'text' })
  title: string;

  @Field(() => SeverityEnum)
  @Column({ type: 'text' })
  severity: Severity;

  @Field(() => Float, { description: 'Confidence that this is a threat, 0 to 1.' })
  @Column({ type: 'real' })
  score: number;

  @Field(() => String, { description: 'What was seen, where, and why it matters.' })
  @Column({ type: 'text' })
  explanation: string;

  @Column({ type: 'text', name: 'entity_type' })
  entityType: ObservableType;

  @Column({ type: 'text', name: 'entity_value' })
  entityValue: string;

  @Field(() => ObservableObject)
  get entity(): ObservableObject {
    return { type: this.entityType, value: this.entityValue };
  }

  @Field(() => [EvidenceObject])
  @Column({ type: 'jsonb' })
  evidence: (JsonObject & EvidenceObject)[];

  @Field(() => [String], { description: 'MITRE ATT&CK technique ids.' })
  @Column({ type: 'text', array: true })
  attack: string[];

  @Field(() => [String], { description: 'OWASP LLM Top-10 ids.' })
  @Column({ type: 'text', array: true, name: 'owasp_llm' })
  owaspLlm: string[];

  @Field(() => DateTime, { description: 'Time of the event.' })
  @Column({ type: 'timestamptz', precision: 3, name: 'event_time' })
  eventTime: Date;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'created_at' })
  createdAt: Date;
}
