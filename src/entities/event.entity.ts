import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { type JsonObject } from '../domain/json';
import { Node } from './node';
import { DateTime, JsonScalar, SafeInt } from './scalars';

@Entity('events')
@ObjectType({ implements: Node, description: 'What happened, in the shape of OCSF.' })
export class Event implements Node {
  @PrimaryColumn({ type: 'date', name: 'received_on' })
  day: string;

  @PrimaryColumn({ type: 'bigint', name: 'id' })
  key: number;

  @Field(() => ID)
  get id(): string {
    return globalId('Event', this.day, this.key);
  }

  @Field(() => String)
  @Column({ type: 'text' })
  stream: string;

  @Field(() => SafeInt, { description: 'Position in its stream: 1, 2, 3 … without gaps.' })
  @Column({ type: 'bigint', name: 'stream_offset' })
  offset: number;

  @Field(() => String, { description: 'Deduplication key within the stream.' })
  @Column({ type: 'text' })
  uid: string;

  @Field(() => DateTime, { description: 'When it happened, by its own account.' })
  @Column({ type: 'timestamptz', precision: 3 })
  time: Date;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'received_at' })
  receivedAt: Date;

  @Field(() => Int, { description: 'OCSF class_uid.' })
  @Column({ type: 'int', name: 'class_uid' })
  classUid: number;

  @Field(() => Int, { description: 'OCSF severity_id: 0 unknown to 6 fatal.' })
  @Column({ type: 'smallint', name: 'severity_id' })
  severityId: number;

  @Field(() => Int, { description: 'OCSF status_id: 0 unknown, 1 success, 2 failure.' })
  @Column({ type: 'smallint', name: 'status_id' })
  statusId: number;

  @Field(() => String)
  @Column({ type: 'text' })
  message: string;

  @Field(() => String, { nullable: true, description: 'OCSF src_endpoint.ip.' })
  @Column({ type: 'text', name: 'source_ip', nullable: true })
  sourceIp: string | null;

  @Field(() => String, { nullable: true, description: 'OCSF actor.user.name.' })
  @Column({ type: 'text', name: 'user_name', nullable: true })
  userName: string | null;

  @Field(() => JsonScalar, { description: 'The OCSF-shaped object.' })
  @Column({ type: 'jsonb' })
  ocsf: JsonObject;

  @Field(() => String, { description: 'The record as received. Untrusted.' })
  @Column({ type: 'text' })
  raw: string;
}
