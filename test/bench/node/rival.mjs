// rival.mjs: what a team would otherwise run. Drains a queue of signed webhooks in
// the same database into the same receiver, with the settings that were found best.
//
//   node rival.mjs graphile-worker|pg-boss URL COUNT BYTES
//
// The database comes from PGHOST and the like. Jobs are put in first, in bulk; then
// each is claimed, signed (HMAC-SHA256 over id, time and body, as Standard Webhooks
// wants it), posted with undici over kept-alive connections, and completed. The clock
// runs from the start of the workers to the last 2xx. Prints one line: deliveries a
// second, CPU microseconds for each, failures.
import { createHmac, randomBytes } from 'node:crypto';
import { Pool as Connections } from 'undici';
import pg from 'pg';

const [rival, url, countText, bytesText] = process.argv.slice(2);
const count = Number(countText);
const key = randomBytes(32);
const target = new URL(url);
const connections = new Connections(target.origin, { connections: 64, pipelining: 1 });
const body = JSON.stringify({ type: 'referrer.joined', data: { filler: '' } });
const filler = 'x'.repeat(Math.max(0, Number(bytesText) - body.length));
const payload = { type: 'referrer.joined', data: { filler } };

let done = 0;
let failed = 0;
let finish;
const finished = new Promise((resolve) => { finish = resolve; });

async function deliver(id, event) {
	const text = JSON.stringify(event);
	const timestamp = Math.floor(Date.now() / 1000);
	const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
	const answer = await connections.request({
		path: target.pathname,
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			'webhook-id': id,
			'webhook-timestamp': String(timestamp),
			'webhook-signature': `v1,${signature}`,
			'user-agent': 'rival',
			'referral-event': 'referrer.joined',
			'referral-attempt': '1',
		},
		body: text,
	});
	await answer.body.dump();
	if (answer.statusCode >= 300) {
		failed++;
		throw new Error(`status ${answer.statusCode}`);
	}
	if (++done === count) finish();
}

const graphileWorker = {
	async fill() {
		const { runMigrations } = await import('graphile-worker');
		await runMigrations({ connectionString: 'postgres://' });
		const client = new pg.Client();
		await client.connect();
		await client.query(
			`SELECT graphile_worker.add_job('deliver', $1::json) FROM generate_series(1, $2::int)`,
			[JSON.stringify(payload), count]);
		await client.query('ANALYZE');
		await client.end();
	},
	// A local queue of 2,000, completed in batches: four times what most people set.
	async work() {
		const { run, Logger } = await import('graphile-worker');
		const runner = await run({
			connectionString: 'postgres://',
			logger: new Logger(() => () => {}),
			taskList: { deliver: (event, helpers) => deliver(`msg_${helpers.job.id}`, event) },
			preset: {
				worker: {
					concurrentJobs: 128,
					maxPoolSize: 10,
					localQueue: { size: 2000 },
					completeJobBatchDelay: 100,
					failJobBatchDelay: 100,
				},
			},
		});
		return () => runner.stop();
	},
};

const pgBoss = {
	async fill() {
		const { default: PgBoss } = await import('pg-boss');
		this.boss = new PgBoss({ connectionString: 'postgres://', supervise: false, schedule: false });
		await this.boss.start();
		await this.boss.createQueue('deliver');
		for (let at = 0; at < count; at += 5000)
			await this.boss.insert(Array.from({ length: Math.min(5000, count - at) },
				() => ({ name: 'deliver', data: payload })));
	},
	// Four workers, batches of 1,000.
	async work() {
		for (let i = 0; i < 4; i++)
			await this.boss.work('deliver', { batchSize: 1000, pollingIntervalSeconds: 0.5 },
				(jobs) => Promise.all(jobs.map((job) => deliver(job.id, job.data))));
		return () => this.boss.stop({ graceful: true, wait: true });
	},
};

const queue = { 'graphile-worker': graphileWorker, 'pg-boss': pgBoss }[rival];
await queue.fill();
const cpu = process.cpuUsage();
const start = performance.now();
const stop = await queue.work();
await finished;
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
console.log(Math.round(count / seconds), Math.round((used.user + used.system) / count), failed);
await stop();
process.exit(0);
