import { createContentDetector } from './content';
import { type AnyDetector, boxed } from './engine';
import { createOverrideDetector } from './override';
import { createRateDetector } from './rate';

/** The detectors of a fresh installation. A further one is one line here. */
export function defaultDetectors(): readonly AnyDetector[] {
  return [boxed(createContentDetector()), boxed(createRateDetector()), boxed(createOverrideDetector())];
}
