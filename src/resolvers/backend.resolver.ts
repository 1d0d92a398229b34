import { Authorized, FieldResolver, Query, Resolver } from 'type-graphql';
import { type BackendTools } from '../datasources/backend';
import {
  BackendHealth,
  BackendObject,
  BackendOverrideObject,
  type BackendToolStatus,
  ReuseStatsObject,
} from './backend.types';

/** The backend, live. What it cannot say now is null with a typed error; the rest of the answer stands. */
@Resolver(() => BackendObject)
export class BackendResolver {
  constructor(private readonly tools: BackendTools) {}

  @Authorized('VIEWER')
  @Query(() => BackendObject)
  backend(): BackendObject {
    const { origin, mutualTls, tools, unavailable, jobQueue, quarantined } = this.tools.status();
    const reasons = new Map(unavailable.map(({ tool, reason }) => [tool, reason]));
    const toStatus = (status: (typeof tools)[number]): BackendToolStatus => {
      const { tool, breaker, attempts, failures, active, lastFailure, budget } = status;
      const nextTokenAt = budget?.nextTokenAt ?? null;
      return {
        tool,
        breaker,
        attempts,
        failures,
        active,
        lastFailure: lastFailure?.message ?? null,
        budget: budget && { ...budget, nextTokenAt: nextTokenAt === null ? null : new Date(nextTokenAt) },
        unavailable: reasons.get(tool) ?? null,
      };
    };
    const { state, since } = jobQueue;
    const queue = { state, since: since === null ? null : new Date(since) };
    return { origin, mutualTls, jobQueue: queue, quarantined, tools: tools.map(toStatus) };
  }

  @FieldResolver(() => BackendHealth, { nullable: true })
  health(): Promise<BackendHealth> {
    return this.tools.health.check();
  }

  @FieldResolver(() => ReuseStatsObject, { nullable: true })
  reuseStats(): Promise<ReuseStatsObject> {
    return this.tools.reuseStats.read();
  }

  @FieldResolver(() => [BackendOverrideObject], { nullable: true })
  async overrides(): Promise<BackendOverrideObject[]> {
    const active = await this.tools.activeOverrides();
    return active.map(({ id, adminId, justification, startsAt, endsAt }) => {
      return {
        backendId: id,
        adminId,
        justification,
        startsAt: new Date(startsAt),
        endsAt: endsAt === null ? null : new Date(endsAt),
      };
    });
  }
}
