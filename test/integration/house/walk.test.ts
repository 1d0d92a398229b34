import { anAttack, type Change, INCIDENT_FEED, startTestArgus, type TestArgus, until } from '../../support/argus';

let argus: TestArgus;
beforeAll(async () => (argus = await startTestArgus()));
afterAll(() => argus.stop());

describe('the walk of one event', () => {
  it('makes of an ingested attack an incident, a push and a finished response on its timeline', async () => {
    const feed = await argus.subscribe(INCIDENT_FEED);
    const answer = await argus.ingest('walk', [anAttack('mallory')]);
    expect(answer).toMatchObject({ status: 200, accepted: 1, duplicates: 0, rejectedCount: 0 });

    const change: Change = await feed.next();
    expect(change).toMatchObject({ kind: 'OPENED', incident: { status: 'NEW', entity: { value: 'mallory' } } });
    const incident = await until(async () => {
      const { incident: found } = await argus.ask(
        `query ($id: ID!) { incident(id: $id) {
          title severity findingCount
          findings { nodes { rule score evidence { path excerpt } event { uid stream offset } } }
          timeline { nodes { kind actor summary } }
          responses { playbook trigger status steps { ordinal action status attempts summary } } } }`,
        { id: change.incident.id },
      );
      return found.responses[0]?.status === 'SUCCEEDED' && found;
    }, 'the finished response');
    expect(incident.responses).toHaveLength(1);
    expect(incident.responses[0]).toMatchObject({
      playbook: 'alert-and-resanitise',
      trigger: 'AUTOMATIC',
      steps: [
        { ordinal: 1, action: 'alert', status: 'SUCCEEDED', attempts: 1 },
        { ordinal: 2, action: 'resanitise', status: 'SUCCEEDED', attempts: 1 },
      ],
    });
    expect(incident.timeline.nodes.map(({ kind }: { kind: string }) => kind)).toEqual([
      'OPENED',
      'RESPONSE_STARTED',
      'STEP_SUCCEEDED',
      'STEP_SUCCEEDED',
      'RESPONSE_FINISHED',
    ]);
    expect(incident.findings.nodes).toHaveLength(incident.findingCount);
    expect(incident.findings.nodes[0]).toMatchObject({
      evidence: [{ path: 'prompt' }],
      event: { stream: 'walk', offset: 1 },
    });

    await feed.take(3);
    expect(feed.items.map(({ kind }) => kind)).toEqual(['OPENED', 'RESPONSE', 'RESPONSE']);
    await feed.close();
  });
});
