/* qemu-user before 10.2 does not know the ioctls by which any speed of a serial port is set (TCGETS2 and its kin; Linux has them
   since 2.6.20). Loaded into a program under qemu, this asks by the older ones, which know the usual speeds; a pty has none anyway.
   The two structures are the kernel's, include/uapi/asm-generic/termbits.h. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OLD 36 /* struct termios: four words of flags, the line, nineteen characters */
#define NEW 44 /* struct termios2: and two speeds */
#define CBAUD 0010017
#define B57600 0010001

int ioctl(int fd, unsigned long request, ...) {
  va_list more;
  va_start(more, request);
  void *argument = va_arg(more, void *);
  va_end(more);
  unsigned char both[NEW];
  if (request == 0x802c542a) { /* TCGETS2 */
    unsigned speed = 57600;
    if (syscall(SYS_ioctl, fd, 0x5401, both) != 0) return -1;
    memcpy(both + OLD, &speed, 4);
    memcpy(both + OLD + 4, &speed, 4);
    memcpy(argument, both, NEW);
    return 0;
  }
  if (request >= 0x402c542b && request <= 0x402c542d) { /* TCSETS2, TCSETSW2, TCSETSF2 */
    unsigned flags;
    memcpy(both, argument, NEW);
    memcpy(&flags, both + 8, 4);
    flags = (flags & ~(unsigned)CBAUD) | B57600;
    memcpy(both + 8, &flags, 4);
    return syscall(SYS_ioctl, fd, 0x5402 + (request - 0x402c542b), both);
  }
  return syscall(SYS_ioctl, fd, request, argument);
}
