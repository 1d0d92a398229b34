import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { Node } from './node';
import { DateTime, SafeInt } from './scalars';

@Entity('streams')
@ObjectType({ implements: Node, description: 'Where events come from, with an offset.' })
export class Stream implements Node {
  @PrimaryColumn({ type: 'int', name: 'id' })
  key: number;

  @Field(() => ID)
  get id(): string {
    return globalId('Stream', this.key);
  }

  @Field(() => String)
  @Column({ type: 'text' })
  name: string;

  @Field(() => SafeInt, { description: 'Offset of the newest stored event.' })
  @Column({ type: 'bigint' })
  head: number;

  @Field(() => SafeInt, { description: 'Offset up to which detection is committed.' })
  @Column({ type: 'bigint' })
  detected: number;

  @Field(() => SafeInt, { description: 'Stored events that detection has not finished.' })
  get lag(): number {
    return this.head - this.detected;
  }

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'last_event_at', nullable: true })
  lastEventAt: Date | null;
}
