// A reporter for vitest: records how the tests ended, including errors outside any test.
import { writeFileSync } from 'node:fs';

// oxlint-disable-next-line import/no-default-export -- vitest loads reporters by their default export.
export default class {
  onTestRunEnd(_modules, unhandled, reason) {
    writeFileSync(
      process.env.GODWIT_TEST_END,
      JSON.stringify({ passed: reason === 'passed' && unhandled.length === 0 }),
    );
  }
}
