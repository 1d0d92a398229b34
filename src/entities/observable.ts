import { Field, ObjectType } from 'type-graphql';
import { type ObservableType } from '../domain/event';
import { ObservableTypeEnum } from './enums';

@ObjectType('Observable', { description: 'Something that can be looked up, watched or blocked.' })
export class ObservableObject {
  @Field(() => ObservableTypeEnum)
  type: ObservableType;

  @Field(() => String)
  value: string;
}
