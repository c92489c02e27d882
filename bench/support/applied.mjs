// Databases with a long history, which take a while to make and serve several scenarios.
import { checkApplied } from './database.mjs';

const known = new WeakMap();

/** A database to which a tool has applied these migrations; the same for each scenario, so none may change it. */
export async function appliedOnce(workshop, tool, migrations) {
  const made = known.get(workshop) ?? new Map();
  known.set(workshop, made);
  const key = `${tool} ${migrations.kind}`;
  if (!made.has(key)) made.set(key, apply(workshop, tool, migrations));
  return await made.get(key);
}

async function apply(workshop, tool, migrations) {
  workshop.told(`${tool} applies ${migrations.list.length} migrations`);
  const url = await workshop.database();
  await workshop.call(tool, 'up', { migrations, url, flags: ['--no-verify'] });
  await checkApplied(url, migrations);
  return url;
}
