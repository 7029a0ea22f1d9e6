# Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none.
require_relative 'keyhook'
require_relative 'simple'

$stdin.each_line(chomp: true) do |line|
  kind, *fields = line.split("\t")
  body, secret, *rest = fields.map { |field| field == '-' ? nil : field.unpack1('m0') }
  puts(if kind == 'simple'
         signed_by_keyhook?(body, rest, secret)
       else
         names = %w[HTTP_WEBHOOK_ID HTTP_WEBHOOK_TIMESTAMP HTTP_WEBHOOK_SIGNATURE]
         from_keyhook?(body, names.zip(rest).to_h.compact, secret)
       end)
end
