// The scripts that answer the questions inside Redis (redis.cpp has the keys). ARGV[1] is the realm with its colon;
// each answers the rows of the page and, last, the total.
#pragma once

namespace curfew::bench::redis_scripts {

// From offset ARGV[2], by last access.
inline constexpr const char* kAll = R"(
local nos = redis.call('ZRANGE', ARGV[1]..'la', ARGV[2], ARGV[2] + 24, 'REV')
local keys = {}
for i, no in ipairs(nos) do keys[i] = 's:'..no end
local rows = #keys > 0 and redis.call('MGET', unpack(keys)) or {}
rows[#rows + 1] = redis.call('ZCARD', ARGV[1]..'la')
return rows)";

// Regular ones by username.
inline constexpr const char* kNames = R"(
local names = redis.call('ZRANGE', ARGV[1]..'un', 0, 24)
local keys = {}
for i, name in ipairs(names) do keys[i] = 's:'..string.sub(name, -10) end
local rows = redis.call('MGET', unpack(keys))
rows[#rows + 1] = redis.call('ZCARD', ARGV[1]..'un')
return rows)";

// Offline ones of client ARGV[2].
inline constexpr const char* kClient = R"(
local total = redis.call('ZINTERSTORE', 'tmp', 3, ARGV[1]..'c:'..ARGV[2], ARGV[1]..'off', ARGV[1]..'la', 'WEIGHTS', 0, 0, 1)
local nos = redis.call('ZRANGE', 'tmp', 0, 24, 'REV')
redis.call('DEL', 'tmp')
local keys = {}
for i, no in ipairs(nos) do keys[i] = 's:'..no end
local rows = #keys > 0 and redis.call('MGET', unpack(keys)) or {}
rows[#rows + 1] = total
return rows)";

// Of users whose name holds ARGV[2]: those that share its trigrams, then those that really do.
inline constexpr const char* kPart = R"(
local part, trigrams = ARGV[2], {}
for i = 1, #part - 2 do trigrams[i] = 't:'..string.sub(part, i, i + 2) end
local users, sets = redis.call('SINTER', unpack(trigrams)), {}
for from = 1, #users, 4000 do
  local some = {unpack(users, from, math.min(#users, from + 3999))}
  for i, name in ipairs(redis.call('HMGET', 'n', unpack(some))) do
    if string.find(name, part, 1, true) then sets[#sets + 1] = ARGV[1]..'u:'..some[i] end
  end
end
if #sets == 0 then return {0} end
for from = 1, #sets, 4000 do
  local some = {unpack(sets, from, math.min(#sets, from + 3999))}
  redis.call('SUNIONSTORE', 'tmp', 'tmp', unpack(some))
end
local total = redis.call('ZINTERSTORE', 'tmp', 2, 'tmp', ARGV[1]..'la', 'WEIGHTS', 0, 1)
local nos = redis.call('ZRANGE', 'tmp', 0, 24, 'REV')
redis.call('DEL', 'tmp')
local keys = {}
for i, no in ipairs(nos) do keys[i] = 's:'..no end
local rows = #keys > 0 and redis.call('MGET', unpack(keys)) or {}
rows[#rows + 1] = total
return rows)";

// Of user ARGV[2], without those of addresses from ARGV[3] to ARGV[4].
inline constexpr const char* kUser = R"(
local nos = redis.call('SMEMBERS', ARGV[1]..'u:'..ARGV[2])
if #nos == 0 then return {0} end
if ARGV[3] ~= '' then
  local first, last, kept = tonumber(ARGV[3]), tonumber(ARGV[4]), {}
  for i, ip in ipairs(redis.call('ZMSCORE', ARGV[1]..'ip', unpack(nos))) do
    local n = tonumber(ip or '0')
    if n < first or n > last then kept[#kept + 1] = nos[i] end
  end
  nos = kept
  if #nos == 0 then return {0} end
end
local scores = redis.call('ZMSCORE', ARGV[1]..'la', unpack(nos))
local order = {}
for i, no in ipairs(nos) do order[i] = {tonumber(scores[i]), no} end
table.sort(order, function(a, b) if a[1] ~= b[1] then return a[1] > b[1] end return a[2] > b[2] end)
local keys = {}
for i = 1, math.min(25, #order) do keys[i] = 's:'..order[i][2] end
local rows = redis.call('MGET', unpack(keys))
rows[#rows + 1] = #order
return rows)";

// With an address from ARGV[2] to ARGV[3]. Latest first, until the page is full: most networks are found soon.
inline constexpr const char* kNetwork = R"(
local first, last, keys, offset = tonumber(ARGV[2]), tonumber(ARGV[3]), {}, 0
local total = redis.call('ZCOUNT', ARGV[1]..'ip', ARGV[2], ARGV[3])
local wanted = math.min(25, total)
while #keys < wanted do
  local nos = redis.call('ZRANGE', ARGV[1]..'la', offset, offset + 999, 'REV')
  for i, ip in ipairs(redis.call('ZMSCORE', ARGV[1]..'ip', unpack(nos))) do
    local n = tonumber(ip or '0')
    if n >= first and n <= last then
      keys[#keys + 1] = 's:'..nos[i]
      if #keys == wanted then break end
    end
  end
  offset = offset + 1000
end
local rows = #keys > 0 and redis.call('MGET', unpack(keys)) or {}
rows[#rows + 1] = total
return rows)";

// ARGV: key, order, time; again and again.
inline constexpr const char* kTouch = R"(
for i = 1, #ARGV, 3 do
  local no = redis.call('GET', ARGV[i])
  if no then redis.call('ZADD', ARGV[i + 1], 'XX', 'GT', ARGV[i + 2], no) end
end)";

#define CURFEW_REDIS_REMOVE \
  R"(
local function remove(no, row)
  local id, realm, kind, user, name, clients = string.match(row, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|')
  realm = realm..':'
  redis.call('UNLINK', 's:'..no, 'k:'..realm..kind..':'..id)
  redis.call('ZREM', realm..'la', no)
  redis.call('ZREM', realm..'ip', no)
  if kind == 'o' then redis.call('SREM', realm..'off', no) else redis.call('ZREM', realm..'un', name..'|'..no) end
  redis.call('SREM', realm..'u:'..user, no)
  for client in string.gmatch(clients, '[^,]+') do redis.call('SREM', realm..'c:'..client, no) end
end
)"

// ARGV: keys of sessions.
inline constexpr const char* kEnd = CURFEW_REDIS_REMOVE R"(
for i = 1, #ARGV do
  local no = redis.call('GET', ARGV[i])
  if no then remove(no, redis.call('GET', 's:'..no)) end
end)";

// The next ARGV[2] sessions of the realm; how many they were.
inline constexpr const char* kEndRealm = CURFEW_REDIS_REMOVE R"(
local nos = redis.call('ZRANGE', ARGV[1]..'la', 0, ARGV[2] - 1)
for i, no in ipairs(nos) do remove(no, redis.call('GET', 's:'..no)) end
return #nos)";

#undef CURFEW_REDIS_REMOVE

}  // namespace curfew::bench::redis_scripts
