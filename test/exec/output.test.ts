import { expect, test } from 'vitest';
import { canaryFiles, canaryIn, canaryPassword } from '../support/canary.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const node = process.execPath;
const migration = { 'migrations/1_a.sql': 'create table a (id int primary key);' };

/** Output of a command by its events. */
function written(ran: Awaited<ReturnType<TestProject['run']>>, stream: 'stdout' | 'stderr'): Buffer {
  const parts = ran.json.flatMap((event) =>
    event.kind === 'output' && event.stream === stream
      ? [Buffer.from(event.text, event.encoding === 'base64' ? 'base64' : 'utf8')]
      : [],
  );
  return Buffer.concat(parts);
}

test('bytes that are no text arrive as they were written', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const script = `
    const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    process.stdout.write(Buffer.concat([all, Buffer.from('é€😀')]));
    process.stderr.write('half of a character: ');
    process.stderr.write(Buffer.from('€').subarray(0, 2), () => setTimeout(() => process.stderr.write(Buffer.from('€').subarray(2)), 300));`;
  const ran = await project.run('exec', '--json', '--', node, '-e', script);
  const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  expect(written(ran, 'stdout')).toEqual(Buffer.concat([all, Buffer.from('é€😀')]));
  const pieces = ran.json.filter((event) => event.kind === 'output' && event.stream === 'stderr');
  expect(pieces.every((event) => !('encoding' in event))).toBe(true);
  expect(written(ran, 'stderr').toString()).toBe('half of a character: €');
});

test('a secret that the command prints is masked, in whatever pieces it comes', async () => {
  await using database = await createTestDatabase();
  const password = new URL(database.url).password;
  using project = createProject(migration, database.url);
  const script = `
    const secret = decodeURIComponent(new URL(process.env.DATABASE_URL).password);
    console.log('in one piece: ' + secret + ' ' + process.env.DATABASE_URL);
    console.log('as base64: ' + Buffer.from(secret).toString('base64'));
    const pieces = ['in pieces: ', secret.slice(0, 3), secret.slice(3, 5), secret.slice(5), '\\n', Buffer.concat([Buffer.from([255, 0]), Buffer.from(secret)])];
    const next = () => { if (pieces.length > 0) process.stdout.write(pieces.shift(), () => setTimeout(next, 120)); };
    next();`;
  for (const json of [[], ['--json']]) {
    const ran = await project.run('exec', ...json, '--', node, '-e', script, decodeURIComponent(password));
    expect(ran.exitCode, ran.err).toBe(0);
    const output = json.length === 0 ? ran.out : written(ran, 'stdout').toString('latin1');
    expect(output).toContain('in one piece: ***');
    expect(output).toContain('in pieces: ***');
    for (const text of [ran.out, ran.err, output]) expect(text).not.toContain(decodeURIComponent(password));
  }
  const history = JSON.stringify(
    await database.query('select r::text from godwit.run r union all select e::text from godwit.event e'),
  );
  expect(history).toContain('***');
  expect(history).not.toContain(decodeURIComponent(password));
});

test('a password with every special character is nowhere, in whatever form the command prints it', async () => {
  await using database = await createTestDatabase();
  const role = `canary_${process.pid}`;
  const literal = canaryPassword.replaceAll("'", "''");
  await database.query(`create role ${role} superuser login password '${literal}'`);
  const url = new URL(database.url);
  const address = `postgresql://${role}:${encodeURIComponent(canaryPassword)}@${url.host}${url.pathname}${url.search}`;
  using project = createProject(migration, address);
  const script = `
    const secret = decodeURIComponent(/:\\/\\/[^:]+:([^@]+)@/.exec(process.env.DATABASE_URL)[1]);
    console.log(secret, process.env.DATABASE_URL, JSON.stringify(secret), Buffer.from(secret).toString('base64'));
    console.error(Buffer.concat([Buffer.from([0xff]), Buffer.from(secret)]).toString('latin1'));
    console.error([...process.argv[1]].reverse().join(''));
    process.stderr.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(secret)]));`;
  // Other tests look for it among the arguments of all processes.
  const backwards = Array.from(canaryPassword).reverse().join('');
  for (const options of [[], ['--json'], ['--detach']]) {
    const ran = await project.run('exec', ...options, '--', node, '-e', script, backwards);
    expect(ran.exitCode, ran.err).toBe(0);
    const run = /runs attach (\w+)/.exec(ran.err)?.[1] ?? '';
    const attached = await project.run('runs', 'attach', run, '--json');
    for (const said of [ran.out, ran.err, attached.out]) expect(canaryIn(said)).toBeUndefined();
    expect(canaryFiles(`${project.folder}/.godwit`).filter((file) => !file.includes('task.json'))).toEqual([]);
  }
  const history = await database.query('select r::text from godwit.run r union all select e::text from godwit.event e');
  expect(canaryIn(JSON.stringify(history))).toBeUndefined();
  await database.query(`drop owned by ${role}`);
  await database.query(`drop role ${role}`);
});

test('of a huge output the beginning and the end are told, and how much is missing between them', async () => {
  await using database = await createTestDatabase();
  using project = createProject(migration, database.url);
  const script = `
    let n = 0;
    const line = () => 'line ' + (n += 1) + ' ' + 'x'.repeat(93) + '\\n';
    const write = () => {
      while (n < 1_000_000) if (!process.stdout.write(Array.from({ length: 1_000 }, line).join(''))) return void process.stdout.once('drain', write);
    };
    write();`;
  const ran = await project.run('exec', '--json', '--', node, '-e', script);
  expect(ran.exitCode).toBe(0);
  const output = written(ran, 'stdout').toString();
  expect(output.startsWith('line 1 ')).toBe(true);
  expect(output).toContain('\nline 1000000 ');
  expect(output.length).toBeLessThan(24 * 1024 * 1024);
  const dropped = ran.json.find((event) => event.kind === 'output.dropped');
  const finished = ran.json.find((event) => event.kind === 'exec.finished');
  expect(dropped).toMatchObject({ stream: 'stdout' });
  const numbers = dropped?.kind === 'output.dropped' ? dropped : { bytes: 0, lines: 0 };
  expect(numbers.bytes + output.length).toBe(finished?.kind === 'exec.finished' ? finished.bytes : 0);
  const lines = output.split('\n').length - 1;
  expect(lines + numbers.lines).toBe(1_000_000);
}, 600_000);
