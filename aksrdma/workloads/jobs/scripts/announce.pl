# announce.pl PORT ADDRESS CLIENTS: tells each client the server's address on IPoIB; ends when all have said "done".
# A pod cannot learn another pod's IPoIB address: DNS knows only eth0.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $address, $clients) = @ARGV;
my $server = IO::Socket::INET->new(LocalPort => $port, Listen => 64, ReuseAddr => 1, Proto => 'tcp')
  or die "cannot listen on port $port: $!\n";
while ($clients > 0) {
    my $client = $server->accept or next;
    my $word = <$client>;
    $clients-- if defined $word && $word =~ /^done/;
    print {$client} "$address\n";
    close $client;
}
