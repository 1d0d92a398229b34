import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { type TrainingFormat } from '../store/training-file';
import { DateTime, SafeInt } from '../entities/scalars';
import { Problem } from './problems';

const TrainingFormatEnum: { readonly [Format in TrainingFormat]: Format } = {
  JSON: 'JSON',
  CSV: 'CSV',
  PARQUET: 'PARQUET',
};
registerEnumType(TrainingFormatEnum, {
  name: 'ExportFormat',
  description: 'CSV and PARQUET hold nested values as JSON text; CSV keeps spreadsheets from running formulas.',
});

@ObjectType('Export', { description: 'A file that Argus has made and keeps for a day.' })
export class ExportObject {
  @Field(() => String, {
    description: 'Where it is, from the root of this server. Opens without a key until it expires.',
  })
  url: string;

  @Field(() => DateTime, { description: 'When the link stops working; with a key the file is there for a day.' })
  urlExpiresAt: Date;

  @Field(() => String)
  fileName: string;

  @Field(() => String)
  mediaType: string;

  @Field(() => SafeInt)
  bytes: number;

  @Field(() => String, { description: 'Of the file, hex.' })
  sha256: string;

  @Field(() => DateTime)
  createdAt: Date;

  @Field(() => DateTime, { description: 'When the file is removed.' })
  expiresAt: Date;
}

@InputType()
export class GeneratePdfInput {
  @Field(() => String, { description: 'Markdown: headings, lists, code. 1 byte to 99 KiB of UTF-8.' })
  markdown: string;

  @Field(() => String, { nullable: true, description: 'At most 200 characters.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 200 characters.' })
  author?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 200 characters.' })
  subject?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 200 characters.' })
  keywords?: string | null;
}

@ObjectType()
export class GeneratePdfPayload {
  @Field(() => ExportObject, { nullable: true })
  export: ExportObject | null;

  @Field(() => [Problem])
  problems: Problem[];
}

@InputType()
export class ExportTrainingDataInput {
  @Field(() => TrainingFormatEnum)
  format: TrainingFormat;

  @Field(() => DateTime, { nullable: true, description: 'Events of this time and later.' })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Events before this time.' })
  to?: Date | null;

  @Field(() => Boolean, { defaultValue: true, description: "Merges the backend's own export in." })
  includeBackend: boolean;
}

@ObjectType()
export class ExportTrainingDataPayload {
  @Field(() => ExportObject, { nullable: true })
  export: ExportObject | null;

  @Field(() => SafeInt, { nullable: true, description: 'Records of Argus in the file.' })
  records: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'Records of the backend in the file.' })
  backendRecords: number | null;

  @Field(() => [Problem], {
    description: "A problem of the backend beside an export says that the file is Argus's record alone.",
  })
  problems: Problem[];
}
