import { Field, ID, ObjectType } from 'type-graphql';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { globalId } from '../domain/cursor';
import { Node } from './node';
import { DateTime } from './scalars';

@Entity('overrides')
@ObjectType({ implements: Node, description: "The backend's emergency admin override, as Argus opened it." })
export class Override implements Node {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  key: string;

  @Field(() => ID)
  get id(): string {
    return globalId('Override', this.key);
  }

  @Column({ type: 'uuid', name: 'incident_id', nullable: true })
  incidentKey: string | null;

  /** The backend's own id; null while the activation is under way or when it failed. */
  @Column({ type: 'text', name: 'backend_id', nullable: true })
  backendId: string | null;

  @Field(() => String)
  @Column({ type: 'text' })
  justification: string;

  @Field(() => String)
  @Column({ type: 'text', name: 'requested_by' })
  requestedBy: string;

  @Field(() => DateTime)
  @Column({ type: 'timestamptz', precision: 3, name: 'created_at' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null while it is being activated, or when it never ends.' })
  @Column({ type: 'timestamptz', precision: 3, name: 'ends_at', nullable: true })
  endsAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  @Column({ type: 'timestamptz', precision: 3, name: 'deactivated_at', nullable: true })
  deactivatedAt: Date | null;
}
