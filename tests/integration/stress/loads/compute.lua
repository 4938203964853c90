-- Computes a few things and prints digests of them: the same in every Lua. Argument: how often; only the last is printed.
local function sieve(limit)
  local composite, count = {}, 0
  for n = 2, limit do
    if not composite[n] then
      count = count + 1
      for multiple = n * n, limit, n do composite[multiple] = true end
    end
  end
  return count
end

local function mandelbrot(size)
  local inside = 0
  for row = 0, size - 1 do
    for column = 0, size - 1 do
      local cr, ci, zr, zi, n = 2 * column / size - 1.5, 2 * row / size - 1, 0, 0, 0
      while n < 50 and zr * zr + zi * zi < 4 do
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        n = n + 1
      end
      if n == 50 then inside = inside + 1 end
    end
  end
  return inside
end

local function digest(text)
  local sum = 5381
  for i = 1, #text do sum = (sum * 33 + string.byte(text, i)) % 4294967296 end
  return sum
end

local function strings(count)
  local parts = {}
  for n = 1, count do
    parts[#parts + 1] = string.format("%d:%s", n, string.rep(string.char(97 + n % 26), n % 7))
  end
  local text = table.concat(parts, ",")
  return digest((string.gsub(text, "(%d+):(%a*)", "%2=%1")))
end

-- Many small functions of their own: traces of their own.
local function closures(count)
  local functions, sum = {}, 0
  for n = 1, count do
    functions[n] = (loadstring or load)(string.format("local x = ... for i = 1, 60 do x = (x * %d + i) %% 65537 end return x", n))
  end
  for n = 1, count do sum = (sum + functions[n](n)) % 65537 end
  return sum
end

local function fibonacci(n)
  if n < 2 then return n end
  return fibonacci(n - 1) + fibonacci(n - 2)
end

local function sorted(count)
  local values, seed = {}, 42
  for n = 1, count do
    seed = (seed * 16807) % 2147483647
    values[n] = seed
  end
  table.sort(values)
  local sum = 0
  for n = 1, count do sum = (sum + values[n] * n) % 1000003 end
  return sum
end

local line
for _ = 1, tonumber(arg[1]) do
  line = string.format("%d %d %d %d %d %d", sieve(50000), mandelbrot(80), strings(3000), closures(200), fibonacci(22),
                       sorted(10000))
end
print(line)
