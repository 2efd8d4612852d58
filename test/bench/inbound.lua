-- What wrk asks: that people qualify, each request another one; and what it
-- was answered. QUALIFY_PATH and QUALIFY_FIRST, in the environment, tell where and from whom on.

local path = os.getenv("QUALIFY_PATH")
local who = tonumber(os.getenv("QUALIFY_FIRST"))
local threads = {}

qualified = 0
other = 0
example = ""

function setup(thread)
	table.insert(threads, thread)
end

function request()
	local body = "code=Q" .. who

	who = who + 1
	return wrk.format("POST", path, { ["Content-Type"] = "application/x-www-form-urlencoded" }, body)
end

function response(status, headers, body)
	if status == 200 and string.find(body, '"changed":%s*true') then
		qualified = qualified + 1
	else
		other = other + 1
		example = status .. " " .. body
	end
end

function done(summary, latency, requests)
	local thread = threads[1]

	print(string.format("RESULT %.1f %d %d %s", thread:get("qualified") / summary.duration * 1e6,
		thread:get("qualified"), thread:get("other") + summary.errors.connect + summary.errors.read +
		summary.errors.write + summary.errors.timeout, thread:get("example")))
end
