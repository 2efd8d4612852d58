// What senders' own packages sign and check, and calls by Node's fetch: a list of
// tasks comes in on stdin, the list of what came of them goes out.
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

const stripe = new Stripe('sk_test_of_nobody');

const tasks = {
	stripe({ secret, body, timestamp }) {
		return {
			'Stripe-Signature': stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp }),
		};
	},

	standard({ secret, id, body, timestamp }) {
		return {
			'webhook-id': id,
			'webhook-timestamp': String(timestamp),
			'webhook-signature': new Webhook(secret).sign(id, new Date(timestamp * 1000), body),
		};
	},

	verify({ secret, body, headers }) {
		return new Webhook(secret).verify(body, headers) !== undefined;
	},

	async call({ url, headers, body }) {
		const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

		return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() };
	},
};

const answers = [];
for (const { task, ...given } of JSON.parse(await text(process.stdin)))
	answers.push(await tasks[task](given));
console.log(JSON.stringify(answers));
