import { castOf, type Phase, tellStory } from '../../../src/cli/demo/story';
import { complaintsAbout, type Outcome } from '../../../src/cli/demo/outcome';

const story = tellStory(castOf(() => 0));
const phase = (name: string): Phase => story.find((candidate) => candidate.name === name)!;
const outcome = (of: Phase): Outcome => ({
  phase: of,
  number: 1,
  severity: 'HIGH',
  title: '',
  findings: 1,
  toPushMs: 20,
  toResponseMs: 30,
  responding: false,
});
const wanted = story.filter(({ wantsIncident }) => wantsIncident).map(outcome);

describe('the demo story', () => {
  it('stays within the network kept for tests, also at its end', () => {
    const cast = castOf((below) => below - 1);
    expect([cast.injector, cast.stuffer, cast.visitor(0)]).toEqual(['198.19.255.255', '198.18.0.0', '198.18.0.1']);
  });

  it('gives each run streams of its own', () => {
    const streams = tellStory(castOf((below) => below - 1)).map(({ stream }) => stream);
    expect(streams.filter((stream) => story.some((other) => other.stream === stream))).toEqual([]);
  });

  it('lasts less than 20 s', () => {
    const ms = story.flatMap(({ scenes }) => scenes).reduce((sum, { afterMs }) => sum + afterMs, 0);
    expect(ms).toBeLessThan(20_000);
  });

  it('is content when each attack, and nothing else, became an incident', () => {
    expect(complaintsAbout(story, wanted)).toEqual([]);
  });

  it('complains of a missed attack, of a false alarm and of a push that never came', () => {
    expect(complaintsAbout(story, wanted.slice(1))).toEqual(['“Injection campaign” caused no incident.']);
    expect(complaintsAbout(story, [...wanted, outcome(phase('normal'))])[0]).toContain('should cause none');
    const [first, ...others] = wanted;
    expect(complaintsAbout(story, [{ ...first!, toPushMs: null }, ...others])[0]).toContain('push did not arrive');
  });
});
