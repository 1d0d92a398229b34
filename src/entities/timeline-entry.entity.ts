import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { type TimelineKind } from '../domain/incident';
import { type JsonObject } from '../domain/json';
import { TimelineKindEnum } from './enums';
import { DateTime, JsonScalar } from './scalars';

@Entity('incident_timeline')
@ObjectType({ description: 'One thing that happened to an incident, in order.' })
export class TimelineEntry {
  @PrimaryColumn({ type: 'bigint', name: 'id' })
  key: number;

  @Field(() => ID)
  get id(): string {
    return globalId('TimelineEntry', this.key);
  }

  @Column({ type: 'uuid', name: 'incident_id' })
  incidentKey: string;

  @Field(() => TimelineKindEnum)
  @Column({ type: 'text' })
  kind: TimelineKind;

  @Field(() => String, { description: 'Who did it: `agent`, or the name of a principal.' })
  @Column({ type: 'text' })
  actor: string;

  @Field(() => String, { description: 'One sentence for people.' })
  @Column({ type: 'text' })
  summary: string;

  @Field(() => JsonScalar, { description: 'The same as data; keys depend on the kind.' })
  @Column({ type: 'jsonb' })
  data: JsonObject;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3 })
  at: Date;
}
