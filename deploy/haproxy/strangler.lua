-- /etc/haproxy/strangler.lua: the key of a client and its bucket, the same as in Python and nginx.
-- Written by `manage.py strangler gateway render haproxy`; what is changed here is lost at the next rendering.
-- Version: topology 34ed25d25655, rollouts 0
--
-- 32-bit MurmurHash2 with seed 0 over key and seam, as nginx's split_clients has it. Lua's integers have 64 bits, so
-- products of two 32-bit numbers fit and are cut afterwards.

local MULTIPLIER = 0x5bd1e995
local MASK = 0xffffffff

local function murmur2(text)
    local length = #text
    local whole = length - length % 4
    local value = length & MASK
    for place = 1, whole, 4 do
        local word = (string.unpack("<I4", text, place) * MULTIPLIER) & MASK
        word = ((word ~ (word >> 24)) * MULTIPLIER) & MASK
        value = ((value * MULTIPLIER) & MASK) ~ word
    end
    if length > whole then
        local rest = 0
        for place = length, whole + 1, -1 do
            rest = (rest << 8) | text:byte(place)
        end
        value = ((value ~ rest) * MULTIPLIER) & MASK
    end
    value = ((value ~ (value >> 13)) * MULTIPLIER) & MASK
    return value ~ (value >> 15)
end

-- Of several cookies of one name the last counts, as in Django, and what is no key of ours counts as none.
local function key_of(cookies)
    local key = ""
    for pair in cookies:gmatch("[^;]+") do
        local name, value = pair:match("^%s*([^=]-)%s*=%s*(.-)%s*$")
        if name == "strangler_id" then
            key = value
        end
    end
    local is_key = #key >= 8 and #key <= 64 and not key:find("[^0-9A-Za-z_-]")
    return is_key and key or ""
end

-- Of the cookies those that a service may see; *names* are separated by spaces.
local function kept_of(cookies, names)
    local wanted, kept = {}, {}
    for name in names:gmatch("%S+") do
        wanted[name] = true
    end
    for pair in cookies:gmatch("[^;]+") do
        local name, value = pair:match("^%s*([^=]-)%s*=%s*(.-)%s*$")
        if name and wanted[name] then
            kept[#kept + 1] = name .. "=" .. value
        end
    end
    return table.concat(kept, "; ")
end

core.register_converters("strangler_bucket", murmur2)
core.register_converters("strangler_key", key_of)
core.register_converters("strangler_kept", kept_of)
