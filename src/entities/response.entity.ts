import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { type JsonObject } from '../domain/json';
import { type ResponseStatus, type ResponseTrigger, type StepStatus } from '../domain/response';
import { ResponseStatusEnum, ResponseTriggerEnum, StepStatusEnum } from './enums';
import { Node } from './node';
import { DateTime, JsonScalar } from './scalars';

@Entity('responses')
@ObjectType({ implements: Node, description: 'One run of a playbook for an incident.' })
export class Response implements Node {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  key: string;

  @Field(() => ID)
  get id(): string {
    return globalId('Response', this.key);
  }

  @Column({ type: 'uuid', name: 'incident_id' })
  incidentKey: string;

  @Field(() => String)
  @Column({ type: 'text' })
  playbook: string;

  @Field(() => ResponseTriggerEnum)
  @Column({ type: 'text' })
  trigger: ResponseTrigger;

  @Field(() => ResponseStatusEnum)
  @Column({ type: 'text' })
  status: ResponseStatus;

  @Field(() => String, { description: 'Who asked for it: `agent`, or the name of a principal.' })
  @Column({ type: 'text', name: 'requested_by' })
  requestedBy: string;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'created_at' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'finished_at', nullable: true })
  finishedAt: Date | null;
}

@Entity('response_steps')
@ObjectType({ description: 'One action of a response, with its outcome.' })
export class ResponseStep {
  @PrimaryColumn({ type: 'uuid', name: 'response_id' })
  responseKey: string;

  @Field(() => Int, { description: 'Place in the response: 1, 2, 3 …' })
  @PrimaryColumn({ type: 'smallint' })
  ordinal: number;

  @Field(() => String)
  @Column({ type: 'text' })
  action: string;

  @Field(() => JsonScalar)
  @Column({ type: 'jsonb' })
  input: JsonObject;

  @Field(() => StepStatusEnum)
  @Column({ type: 'text' })
  status: StepStatus;

  @Field(() => Int)
  @Column({ type: 'int' })
  attempts: number;

  @Field(() => String, { nullable: true, description: 'One sentence about the outcome.' })
  @Column({ type: 'text', nullable: true })
  summary: string | null;

  @Field(() => JsonScalar, { nullable: true })
  @Column({ type: 'jsonb', nullable: true })
  output: JsonObject | null;

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'finished_at', nullable: true })
  finishedAt: Date | null;
}
