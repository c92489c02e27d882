// Starts the delaying proxy in front of a server and measures the resulting round trip.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';

import { median } from './rounds.mjs';
import { addressOf } from './database.mjs';

/** @returns {Promise<{ port: number, roundTripMs: number, stop: () => void }>} */
export async function startProxy(url, delayMs) {
  const program = fileURLToPath(new URL('proxy.mjs', import.meta.url));
  const child = fork(program, [new URL(url).port, String(delayMs)]);
  const [port] = await once(child, 'message');
  const stop = () => child.disconnect();
  try {
    return { port, roundTripMs: await roundTrip(addressOf(url, { port })), stop };
  } catch (error) {
    stop();
    throw error;
  }
}

async function roundTrip(url) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const times = [];
  for (let count = 0; count < 15; count += 1) {
    const began = performance.now();
    await client.query('SELECT 1');
    times.push(performance.now() - began);
  }
  await client.end();
  return median(times);
}
