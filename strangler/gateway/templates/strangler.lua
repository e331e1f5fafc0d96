-- /etc/haproxy/strangler.lua: the bucket of a client, the same number as in Python and nginx.
-- Written by `manage.py strangler gateway render haproxy`; what is changed here is lost at the next rendering.
-- Version: {{ stamp }}
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

core.register_converters("strangler_bucket", murmur2)
