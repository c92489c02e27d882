/**
 * Lets time pass where time is what a test is about, and nothing tells when it is over: a server must have had the time to
 * notice, a second signal must not count as the first. Where there is a state to wait for, `until` waits for it.
 */
export async function elapse(ms: number, why: string): Promise<void> {
  if (why === '') throw new Error('what is this time for?');
  await new Promise((resolve) => setTimeout(resolve, ms));
}
