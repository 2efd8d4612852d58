// The other side of the demo: Node's HTTP server and the official Standard
// Webhooks package, which decides whether a request is genuine.
//
// Works in the current directory. Writes its port to receiver.port; reads
// secrets.tsv (URL, secret) when a path is met for the first time; appends to
// received.tsv (path, webhook-id, event) what was verified, and to rejected.tsv
// what was not.
import { appendFileSync, readFileSync, writeFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhooks = new Map();

function webhookOf(path) {
	if (!webhooks.has(path)) {
		for (const line of readFileSync('secrets.tsv', 'utf8').trim().split('\n')) {
			const [url, secret] = line.split('\t');
			webhooks.set(new URL(url).pathname, new Webhook(secret));
		}
	}
	const webhook = webhooks.get(path);
	if (!webhook) throw new Error(`no webhook with the path ${path}`);
	return webhook;
}

async function bodyOf(request) {
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString('utf8');
}

function record(file, ...columns) {
	appendFileSync(file, columns.map((column) => String(column).replace(/\s+/g, ' ')).join('\t') + '\n');
}

async function receive(request, response) {
	const id = request.headers['webhook-id'];
	const body = await bodyOf(request);
	try {
		const event = webhookOf(request.url).verify(body, request.headers);
		record('received.tsv', request.url, id, event.type);
		response.writeHead(204);
	} catch (error) {
		record('rejected.tsv', request.url, id, error.message);
		response.writeHead(400);
	}
	response.end();
}

const server = createServer((request, response) => {
	receive(request, response).catch((error) => {
		record('rejected.tsv', request.url, '-', error.message);
		response.destroy();
	});
});

writeFileSync('received.tsv', '');
writeFileSync('rejected.tsv', '');
server.listen(0, '127.0.0.1', () => {
	// By rename, so that nobody reads half a number.
	writeFileSync('receiver.port.new', String(server.address().port));
	renameSync('receiver.port.new', 'receiver.port');
});
