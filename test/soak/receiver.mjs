// The endpoints of the soak, each with a temper of its own, told by the last
// part of the path: /DATABASE/TEMPER. In the current directory it writes its
// process id to receiver.pid and appends a line "path webhook-id answer" for
// every request to received.txt, before it answers: killed at any time, it has
// told of everything that it acknowledged.
//
//   node receiver.mjs PORT
//
// A file "calm" makes all of them answer at once.
import { existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

const port = Number(process.argv[2]);
const log = openSync('received.txt', 'a');
let waiting = [];
let calm = false;

const chance = (share) => Math.random() < share;
const status = (code, headers) => (response) => response.writeHead(code, headers).end();
const accept = { name: 'accepted', give: status(204) };
const later = (ms) => (response) => setTimeout(() => accept.give(response), ms);
const reset = { name: 'reset', give: (response) => response.socket?.resetAndDestroy() };
const drip = (response) => {
	response.writeHead(200, { 'content-length': 1000 });
	const timer = setInterval(() => response.write('.'), 300);
	response.on('close', () => clearInterval(timer));
};

const tempers = {
	slow: () => ({ name: 'accepted', give: later(50) }),
	hang: () => ({ name: 'hung', give: () => {} }),
	reset: () => reset,
	fail: () => (chance(0.5) ? { name: 'failed', give: status(500) } : accept),
	busy: () => (chance(0.3) ? { name: 'busy', give: status(503, { 'retry-after': '1' }) } : accept),
	drip: () => ({ name: 'dripped', give: drip }),
	moody: () => (Date.now() % 40000 < 20000 ? { name: 'hung', give: () => {} } : accept),
};

function answerOf(path) {
	const temper = tempers[path.split('/').pop()];
	return calm || !temper ? accept : temper();
}

// Many at once, so that a write is not the limit.
function flush() {
	const answers = waiting;
	waiting = [];
	if (answers.length > 0) writeSync(log, answers.map((each) => each.line).join(''));
	for (const { response, answer } of answers) answer.give(response);
}

function receive(request, response) {
	request.on('end', () => {
		const path = request.url.split('?')[0];
		const answer = answerOf(path);
		const line = `${path} ${request.headers['webhook-id']} ${answer.name}\n`;
		if (waiting.push({ response, answer, line }) === 1) setImmediate(flush);
	});
	request.resume();
}

const server = createServer(receive);
server.listen(port, '127.0.0.1');

// The next port closes every connection before a request is read.
const closer = createServer(receive);
closer.on('connection', (socket) => calm || socket.destroy());
closer.listen(port + 1, '127.0.0.1');

setInterval(() => { calm = existsSync('calm'); }, 500);
writeFileSync('receiver.pid', String(process.pid));
