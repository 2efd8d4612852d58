-- What wrk asks: links of many people, or LINKS_PEOPLE = 1 of one, by turns.

local people = tonumber(os.getenv("LINKS_PEOPLE"))
local requests = {}
local turn = 0

function init()
	for i = 1, people do
		requests[i] = wrk.format("GET", "/r/LINK" .. i, { ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" })
	end
end

function request()
	turn = turn % people + 1
	return requests[turn]
end

function done(summary, latency)
	print(string.format("RESULT %.1f %d %d %.2f %.2f", summary.requests / summary.duration * 1e6, summary.requests,
		summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.status,
		latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
