import { type Agent } from '../agent/index';
import { type BackendTools } from '../datasources/backend';
import { type Override } from '../entities/override.entity';
import { type ApiKeyStore } from '../store/api-key-store';
import { type ExportStore } from '../store/export-store';
import { type IncidentWriter } from '../store/incident-writer';
import { type InstanceStore } from '../store/instance-store';
import { type TrainingExport, type TrainingExportRequest } from '../store/training-export';
import { AgentResolver } from './agent.resolver';
import { ApiKeyResolver } from './api-key.resolver';
import { BackendJobResolver } from './backend-job.resolver';
import { BackendResolver } from './backend.resolver';
import { type Readers } from './context';
import { EventResolver } from './event.resolver';
import { ExportResolver } from './export.resolver';
import { FindingResolver } from './finding.resolver';
import { IncidentResolver } from './incident.resolver';
import { IngestResolver } from './ingest.resolver';
import { NodeResolver } from './node.resolver';
import { OverrideResolver } from './override.resolver';
import { ResponseResolver } from './response.resolver';
import { ToolsResolver } from './tools.resolver';

/** What resolvers call. */
export interface ResolverParts {
  readonly readers: Readers;
  readonly agent: Agent<Override>;
  readonly backend: BackendTools;
  readonly apiKeys: ApiKeyStore;
  readonly incidentWriter: IncidentWriter;
  readonly instances: InstanceStore;
  readonly exports: ExportStore;
  readonly exportTraining: (request: TrainingExportRequest) => Promise<TrainingExport>;
}

/** Every resolver class: the schema is made of these. */
export const RESOLVERS = [
  AgentResolver,
  ApiKeyResolver,
  BackendJobResolver,
  BackendResolver,
  EventResolver,
  ExportResolver,
  FindingResolver,
  IncidentResolver,
  IngestResolver,
  NodeResolver,
  OverrideResolver,
  ResponseResolver,
  ToolsResolver,
] as const;

/** One instance of each class, with what it calls. */
export function createResolvers(parts: ResolverParts): ReadonlyMap<unknown, object> {
  const { readers, agent, backend, apiKeys, incidentWriter, instances, exports, exportTraining } = parts;
  return new Map<unknown, object>([
    [AgentResolver, new AgentResolver(agent, instances, readers.events)],
    [ApiKeyResolver, new ApiKeyResolver(apiKeys)],
    [BackendJobResolver, new BackendJobResolver(backend.jobs)],
    [BackendResolver, new BackendResolver(backend)],
    [EventResolver, new EventResolver(readers.events)],
    [ExportResolver, new ExportResolver(backend, exports, exportTraining)],
    [FindingResolver, new FindingResolver(readers.findings)],
    [IncidentResolver, new IncidentResolver(readers.incidents, incidentWriter)],
    [IngestResolver, new IngestResolver(agent.ingest)],
    [NodeResolver, new NodeResolver()],
    [OverrideResolver, new OverrideResolver(agent)],
    [ResponseResolver, new ResponseResolver(agent)],
    [ToolsResolver, new ToolsResolver(backend)],
  ]);
}
