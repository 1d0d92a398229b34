import { writeFile } from 'node:fs/promises';
import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import { type BackendTools } from '../datasources/backend';
import { BackendError } from '../datasources/backend-error';
import { ArgusError } from '../domain/errors';
import { type JsonObject } from '../domain/json';
import { type ExportedFile, type ExportStore } from '../store/export-store';
import { type TrainingExport, type TrainingExportRequest } from '../store/training-export';
import { type Context } from './context';
import {
  type ExportObject,
  ExportTrainingDataInput,
  ExportTrainingDataPayload,
  GeneratePdfInput,
  GeneratePdfPayload,
} from './export.types';
import { fittingContent, shortText } from './limits';
import { outcomeOf, type Problem, toProblem } from './problems';

const MAX_METADATA = 200;

/** What makes files: they are handed out at /exports/{id}. */
@Resolver()
export class ExportResolver {
  constructor(
    private readonly tools: BackendTools,
    private readonly exports: ExportStore,
    private readonly exportTraining: (request: TrainingExportRequest) => Promise<TrainingExport>,
  ) {}

  @Authorized('ANALYST')
  @Mutation(() => GeneratePdfPayload, { description: 'Has the backend make a PDF of Markdown.' })
  generatePdf(
    @Arg('input', () => GeneratePdfInput) input: GeneratePdfInput,
    @Ctx() { principal }: Context,
  ): Promise<GeneratePdfPayload> {
    const generate = async (): Promise<{ export: ExportObject }> => {
      const markdown = fittingContent(input.markdown, ['input', 'markdown']);
      const pdf = await this.tools.documents.generatePdf({ markdown, ...metadataOf(input) });
      const request = { fileName: 'document.pdf', mediaType: 'application/pdf', requestedBy: principal.name };
      const file = await this.exports.create(request, (path) => writeFile(path, pdf, { mode: 0o600 }));
      return { export: await this.linked(file) };
    };
    return outcomeOf(generate, { export: null });
  }

  @Authorized('ANALYST')
  @Mutation(() => ExportTrainingDataPayload, {
    description: "Findings with what became of them, and the backend's own export, as one file.",
  })
  async exportTrainingData(
    @Arg('input', () => ExportTrainingDataInput)
    { format, from = null, to = null, includeBackend }: ExportTrainingDataInput,
    @Ctx() { principal }: Context,
  ): Promise<ExportTrainingDataPayload> {
    const problems: Problem[] = [];
    const outcome = await outcomeOf(
      async (): Promise<Omit<ExportTrainingDataPayload, 'problems'>> => {
        if (from !== null && to !== null && from >= to) {
          throw new ArgusError('INVALID_INPUT', 'to: later than from.', ['input', 'to']);
        }
        const records = includeBackend ? await this.backendRecords(from, to, problems) : [];
        const request = { format, from, to, requestedBy: principal.name, backendRecords: records };
        const { file, ...counts } = await this.exportTraining(request);
        return { export: await this.linked(file), ...counts };
      },
      { export: null, records: null, backendRecords: null },
    );
    return { ...outcome, problems: [...outcome.problems, ...problems] };
  }

  /** The backend's own export; a failure of the backend is told and does not fail Argus's. */
  private async backendRecords(
    from: Date | null,
    to: Date | null,
    problems: Problem[],
  ): Promise<readonly JsonObject[]> {
    try {
      return await this.tools.trainingExport.records({
        ...(from && { from: from.getTime() }),
        // The backend's end is inclusive.
        ...(to && { to: to.getTime() - 1 }),
      });
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      problems.push(toProblem(error));
      return [];
    }
  }

  private async linked({
    id,
    fileName,
    mediaType,
    bytes,
    sha256,
    createdAt,
    expiresAt,
  }: ExportedFile): Promise<ExportObject> {
    const link = await this.exports.link(id);
    return { url: link.path, urlExpiresAt: link.expiresAt, fileName, mediaType, bytes, sha256, createdAt, expiresAt };
  }
}

function metadataOf(input: GeneratePdfInput): Partial<Record<'title' | 'author' | 'subject' | 'keywords', string>> {
  const given = (['title', 'author', 'subject', 'keywords'] as const).flatMap((name) => {
    const text = shortText(input[name], MAX_METADATA, ['input', name]);
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(given);
}
